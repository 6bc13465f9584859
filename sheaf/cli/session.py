"""What a command needs of the deployment: settings, home, ledger, and Temporal when it is there."""

import os
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError
from pydantic_settings import SettingsError

from sheaf.cli.faults import Fault
from sheaf.config import Settings
from sheaf.embedded.home import Home, Running
from sheaf.ledger.database import Database
from sheaf.ledger.files.directories import DirectoryLedger
from sheaf.ledger.items.listing import ItemListing
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.migrate import migrate
from sheaf.ledger.records import JobRow, NotFoundError
from sheaf.rules.parameters.s3_locations import parse_allowed
from sheaf.runtime.children import child_environment, python_command

if TYPE_CHECKING:
    from sheaf.jobs.service import JobService

# Temporal's client and what jobs are started with take as long to import as `sheaf list` takes.

START_SECONDS = 45


@dataclass(frozen=True)
class Session:
    """Open connections of one command."""

    settings: Settings
    home: Home
    database: Database
    jobs: JobLedger
    directories: DirectoryLedger
    items: ItemListing

    async def job(self, job_id: str) -> JobRow:
        """Return a job of the project that the settings name.

        Raises:
            Fault: it has none of this id.
        """
        project = self.settings.project
        try:
            return await self.jobs.of_project(project, job_id)
        except NotFoundError as error:
            raise Fault(
                f"{error} in the project {project}; `sheaf list` shows the jobs there are, "
                "SHEAF_PROJECT names another project"
            ) from error


def load_settings() -> Settings:
    """Read the settings; a bad one is a clear fault."""
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:
            # It is about several settings, which the message names.
            raise Fault(first["msg"].removeprefix("Value error, "), code=2) from error
        name = "SHEAF_" + "_".join(str(part) for part in first["loc"]).upper()
        raise Fault(f"{name}: {first['msg']}", code=2) from error
    except SettingsError as error:
        raise Fault(f"SHEAF_…: {error}; write it as JSON", code=2) from error
    _check_places(settings)
    return settings


def _check_places(settings: Settings) -> None:
    storage = () if settings.storage_url is None else (settings.storage_url,)
    for name, listed in (
        ("SHEAF_STORAGE_URL", {"": storage}),
        ("SHEAF_S3_SOURCES", settings.s3_sources),
        ("SHEAF_S3_OUTPUTS", settings.s3_outputs),
    ):
        try:
            parse_allowed(listed)
        except ValueError as error:
            raise Fault(f"{name}: {error}", code=2) from error


def check_passwords(settings: Settings) -> None:
    """Check the file of passwords, before a worker starts that cannot run with it.

    Raises:
        Fault: it cannot be used.
    """
    from sheaf.processing.passwords import Passwords, PasswordsError

    try:
        Passwords(settings.passwords_file)
    except PasswordsError as error:
        raise Fault(str(error), code=2) from error


def check_unversioned(settings: Settings) -> None:
    """Refuse to start a worker of this home with a version, which nobody would make current.

    Raises:
        Fault: the settings name a Worker Deployment.
    """
    if settings.worker_deployment:
        raise Fault(
            "SHEAF_WORKER_DEPLOYMENT and SHEAF_BUILD_ID are for workers that are started one by "
            "one (docs/kubernetes.md): unset them, the worker of `sheaf up` has no version",
            code=2,
        )


@asynccontextmanager
async def session() -> AsyncIterator[Session]:
    """Open the ledger, which needs no server to be running."""
    settings = load_settings()
    home = Home(settings.home)
    home.prepare()
    database = Database(settings.ledger_url)
    try:
        await migrate(database)
        yield Session(
            settings,
            home,
            database,
            JobLedger(database),
            DirectoryLedger(database),
            ItemListing(database),
        )
    finally:
        await database.close()


def uses_own_temporal() -> bool:
    """Whether the environment names a Temporal of the user's, so that none is embedded."""
    return bool(os.environ.get("TEMPORAL_ADDRESS") or os.environ.get("TEMPORAL_PROFILE"))


async def open_service(current: Session) -> "JobService":
    """Return the service that starts and cancels jobs.

    Raises:
        Fault: no Temporal answers.
    """
    from sheaf.composition import connect, job_service

    address = _address(current)
    try:
        client = await connect(attempts=5, address=address)
    except RuntimeError as error:
        raise Fault(f"Temporal does not answer: {error}", code=4) from error
    return job_service(_local(current.settings), current.database, client)


async def cancel_job(current: Session, job_id: str, reason: str | None) -> str:
    """Have the ledger keep a cancel, and Temporal hear of it where it is there.

    Returns:
        Why Temporal has not heard of it, which whatever runs next will tell it; or nothing.
    """
    row = await current.jobs.request_cancel(job_id, reason)
    if row.status.is_terminal:
        return ""
    try:
        address = _address(current)
    except Fault:
        return "Nothing runs in this home: it ends once `sheaf up` runs again."
    from sheaf.composition import job_service, lazy_client

    client = await lazy_client(address)
    service = job_service(_local(current.settings), current.database, client)
    if await service.try_cancel(job_id):
        return ""
    return "Temporal does not answer: it ends once Temporal is back."


def _address(current: Session) -> str | None:
    """Return where Temporal is; None leaves it to the environment."""
    if uses_own_temporal():
        return None
    running = current.home.running()
    if running is None:
        raise Fault("nothing runs in this home; start it with `sheaf up`", code=4)
    return running.temporal_address


def _local(settings: Settings) -> Settings:
    """Return the settings as `sheaf up` has them: receivers may be on this machine."""
    if uses_own_temporal() or settings.local_receivers is not None:
        return settings
    return settings.changed(local_receivers=True)


def ensure_up(home: Home) -> tuple[Running | None, bool]:
    """Return what runs in the home, started in the background when nothing does.

    The second value says whether it was started now. With a Temporal of the user's own, nothing
    is started and the first value is None.
    """
    if uses_own_temporal():
        return None, False
    running = home.running()
    if running and home.ready_file.exists():
        return running, False
    return start_detached(home), True


def start_detached(home: Home) -> Running:
    """Start `sheaf up` in the background and return once it takes work and requests.

    Raises:
        Fault: it did not come up, where the message names its log; or it cannot with the settings.
    """
    settings = load_settings()
    check_passwords(settings)
    check_unversioned(settings)
    home.prepare()
    log = home.logs / "up.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            # Quiet: the API key has no place in a log.
            python_command("starter", "up", "--quiet"),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=child_environment(SHEAF_HOME=str(home.root)),
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        running = home.running()
        if running and home.ready_file.exists() and home.api_ready_file.exists():
            return running
        if process.poll() is not None and running is None:
            break
        time.sleep(0.1)
    raise Fault(f"`sheaf up` did not come up; see {log}", code=4)
