"""`sheaf serve`: the HTTP API in the foreground."""

import logging
import os
import sys
from typing import Annotated

import typer

from sheaf.cli.faults import Fault
from sheaf.cli.output import console
from sheaf.cli.session import load_settings, uses_own_temporal
from sheaf.embedded.home import Home


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; by default SHEAF_API_HOST.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port; by default SHEAF_API_PORT. 0 takes a free one."),
    ] = None,
) -> None:
    """Serve the HTTP API in the foreground; Ctrl-C stops it.

    `sheaf up` serves it already, on 127.0.0.1. This is for a Temporal of your own
    (TEMPORAL_ADDRESS), for another port, and for serving others, who need keys.

    \b
    Examples:
      sheaf serve --port 9000
      sheaf keys create ops --scope admin && sheaf serve --host 0.0.0.0 --port 9000
      TEMPORAL_ADDRESS=temporal:7233 sheaf serve
    """
    # Here, since the web framework takes a second that no other command should pay.
    from sheaf.api.server import ServeError
    from sheaf.api.server import serve as serve_api

    given = {"api_host": host, "api_port": port}
    settings = load_settings().changed(
        **{name: value for name, value in given.items() if value is not None}
    )
    if not uses_own_temporal():
        running = Home(settings.home).running()
        if running is None:
            raise Fault("nothing runs in this home; start it with `sheaf up`", code=4)
        os.environ["TEMPORAL_ADDRESS"] = running.temporal_address
    if sys.stderr.isatty():
        # How it starts is for logs, not for who waits for the address.
        for name in ("alembic", "uvicorn"):
            logging.getLogger(name).setLevel(logging.WARNING)
    shown = f"[{settings.api_host}]" if ":" in settings.api_host else settings.api_host

    def say(taken: int) -> None:
        console.print(f"API http://{shown}:{taken}", soft_wrap=True, markup=False)

    try:
        serve_api(settings, say)
    except ServeError as error:
        raise Fault(str(error), code=2) from error
