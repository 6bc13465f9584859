"""The command line, `sheaf`."""

import io
import os
import sys

import structlog
import typer
from rich.markup import escape
from temporalio.service import RPCError

from sheaf.cli.doctor import doctor
from sheaf.cli.export import export, results
from sheaf.cli.keys import keys
from sheaf.cli.look import list_jobs, show_job
from sheaf.cli.migrate import migrate
from sheaf.cli.output import EXIT_CODES, Fault, errors, shown
from sheaf.cli.run import cancel, run, watch
from sheaf.cli.serve import serve
from sheaf.cli.up import down, up
from sheaf.cli.webhooks import webhooks

app = typer.Typer(
    help="Parse or classify every file of a folder, durably.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(up)
app.command()(down)
app.command()(run)
app.command()(watch)
app.command("list")(list_jobs)
app.command("show")(show_job)
app.command()(cancel)
app.command()(results)
app.command()(export)
app.command()(serve)
app.command()(migrate)
app.add_typer(keys, name="keys")
app.add_typer(webhooks, name="webhooks")
app.command()(doctor)


def main() -> None:
    """Run a command; see `sheaf.cli.output.EXIT_CODES` for the exit codes."""
    code = 0
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name may hold what the terminal's charset has not.
            stream.reconfigure(errors="backslashreplace")
    # What a service logs is no part of what a command prints, which may be JSON.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        app(standalone_mode=True)
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else 1
    except Fault as fault:
        _complain(str(fault))
        code = fault.code
    except RPCError as error:
        _complain(f"Temporal: {error.message}")
        code = 4
    except KeyboardInterrupt:
        code = 130
    sys.stdout.flush()
    sys.stderr.flush()
    # Without the interpreter's finalisation, in which temporalio 1.35 may abort (sdk-python#300).
    os._exit(code)


def _complain(text: str) -> None:
    told = "\n".join(map(shown, text.splitlines()))
    errors.print(f"[red]sheaf:[/red] {escape(told)}", soft_wrap=True)


if __name__ == "__main__":
    main()
