"""`sheaf up` and `sheaf down`: the embedded profile."""

import asyncio
import os
import signal
import time

import typer

from sheaf.cli.faults import Fault
from sheaf.cli.output import console, print_json
from sheaf.cli.session import check_passwords, check_unversioned, load_settings, start_detached
from sheaf.config import Settings
from sheaf.embedded.home import Home, Running
from sheaf.embedded.supervisor import StartError, Supervisor
from sheaf.ledger.database import Database
from sheaf.ledger.migrate import migrate

DOWN_SECONDS = 60
FIRST_API_PORT = 8484


def up(
    detach: bool = typer.Option(False, "--detach", help="Start in the background and return."),
    quiet: bool = typer.Option(False, "--quiet", help="Print neither addresses nor the API key."),
) -> None:
    """Start Temporal, a worker and the API in this home; Ctrl-C stops them.

    \b
    Examples:
      sheaf up                          in the foreground
      sheaf up --detach                 in the background; `sheaf down` stops it
      SHEAF_HOME=/data/sheaf sheaf up   with all state in a folder of your choice
    """
    settings = load_settings()
    home = Home(settings.home)
    if detach:
        _detach(home, is_quiet=quiet)
        return
    check_passwords(settings)
    check_unversioned(settings)
    with home.lock() as is_free:
        if not is_free:
            raise Fault(f"another `sheaf up` runs in {home.root}; `sheaf down` stops it")
        home.kill_leftovers()
        try:
            asyncio.run(_serve(home, is_quiet=quiet))
        except (StartError, FileNotFoundError) as error:
            raise Fault(str(error), code=4) from error


def down(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Stop what runs in this home. Batches go on where they were when it is started again.

    \b
    Example:
      sheaf down
    """
    home = Home(load_settings().home)
    running = home.running()
    if running:
        os.kill(running.pid, signal.SIGTERM)
        deadline = time.monotonic() + DOWN_SECONDS
        while home.running():
            if time.monotonic() > deadline:
                raise Fault(f"process {running.pid} does not stop; see {home.logs / 'up.log'}")
            time.sleep(0.1)
    left = [] if running else _end_leftovers(home)
    if as_json:
        print_json({"stopped": bool(running or left)})
    elif left:
        console.print(f"Stopped what a `sheaf up` that was killed had left: {', '.join(left)}.")
    else:
        console.print("Stopped." if running else "Nothing runs in this home.")


def _end_leftovers(home: Home) -> list[str]:
    with home.lock() as is_free:
        return home.kill_leftovers() if is_free else []


async def _serve(home: Home, *, is_quiet: bool) -> None:
    settings = load_settings()
    database = Database(settings.ledger_url)
    await migrate(database)
    await database.close()
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    supervisor = Supervisor(
        home,
        settings.temporal_bin,
        stop_seconds=settings.shutdown_grace_seconds + 5,
        api_port=_api_port(settings, home),
        liveness_seconds=settings.liveness_seconds,
    )
    try:
        starting = asyncio.create_task(supervisor.start())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            return
        await starting
        running = home.recorded()
        assert running is not None
        if not is_quiet:
            _announce(home, running)
            console.print("Stop it with Ctrl-C; batches go on when it is started again.")
        watching = asyncio.create_task(supervisor.watch())
        await asyncio.wait({watching, stopping}, return_when=asyncio.FIRST_COMPLETED)
        watching.cancel()
    finally:
        await supervisor.stop()


def _detach(home: Home, *, is_quiet: bool) -> None:
    before = home.running()
    running = before or start_detached(home)
    if not is_quiet:
        _announce(home, running)
    if before:
        raise Fault("it runs already; `sheaf down` stops it")
    if not is_quiet:
        console.print("Stop it with `sheaf down`.")


def _api_port(settings: Settings, home: Home) -> int:
    """Return the port that was asked for, else the one that the API had last."""
    if "api_port" in settings.model_fields_set and settings.api_port:
        return settings.api_port
    return home.last_api_port() or FIRST_API_PORT


def _announce(home: Home, running: Running) -> None:
    console.print(f"Temporal    {running.temporal_address}", soft_wrap=True)
    console.print(f"Temporal UI {running.ui_address}", soft_wrap=True)
    console.print(f"Home        {home.root}", soft_wrap=True)
    # For programs to read, so each is one line with nothing around it.
    console.print(f"API {running.api_address}", soft_wrap=True, markup=False)
    console.print(f"API key {home.local_key()}", soft_wrap=True, markup=False)
