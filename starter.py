"""The command line, `sheaf`."""

import io
import os
import sys

import typer

from sheaf.cli.commands import LazyGroup, root
from sheaf.cli.faults import EXIT_CODES, Fault

app = typer.Typer(
    cls=LazyGroup,
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback()(root)


def main() -> None:
    """Run a command; see `sheaf.cli.faults.EXIT_CODES` for the exit codes."""
    code = 0
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name may hold what the terminal's charset has not.
            stream.reconfigure(errors="backslashreplace")
    try:
        app(standalone_mode=True)
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else 1
    except Fault as fault:
        _complain(str(fault))
        code = fault.code
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        if not _is_of_temporal(error):
            raise
        _complain(f"Temporal: {error}")
        code = 4
    sys.stdout.flush()
    sys.stderr.flush()
    # Without the interpreter's finalisation, in which temporalio 1.35 may abort (sdk-python#300).
    os._exit(code)


def _is_of_temporal(error: Exception) -> bool:
    """Whether it is an RPC's: then a command has imported Temporal's client, which is slow."""
    service = sys.modules.get("temporalio.service")
    return service is not None and isinstance(error, service.RPCError)


def _complain(text: str) -> None:
    from sheaf.cli.output import complain

    complain(text)


if __name__ == "__main__":
    main()
