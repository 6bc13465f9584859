"""The application in this process, over a real SQLite ledger and a Temporal that only listens."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio
from temporalio.client import Client

from sheaf.api.app import create_app
from sheaf.api.state import ApiState
from sheaf.config import Settings
from sheaf.contracts.apis import Scope
from sheaf.embedded.home import Home
from sheaf.jobs.admitter import Admitter
from sheaf.ledger.access.keys import KeyLedger
from sheaf.ledger.database import Database
from sheaf.ledger.jobs.admissions import AdmissionLedger
from sheaf.ledger.leases import Leases
from sheaf.ledger.migrate import migrate
from tests.admitting import PLENTY


@dataclass
class ListeningTemporal:
    """Takes the calls of `JobService` and notes them; `error` is raised by each."""

    started: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    error: Exception | None = None

    async def start_workflow(self, *_: object, id: str, **__: object) -> None:
        """Note a start."""
        if self.error:
            raise self.error
        self.started.append(id)

    def get_workflow_handle(self, id: str) -> Any:
        """Return what takes a cancel."""
        temporal = self

        class Handle:
            async def cancel(self, **_: object) -> None:
                if temporal.error:
                    raise temporal.error
                temporal.cancelled.append(id)

        return Handle()


@dataclass
class Served:
    """An application and what its tests reach behind it."""

    client: httpx.AsyncClient
    state: ApiState
    temporal: ListeningTemporal
    project_id: str = "default"

    async def admit(self) -> list[str]:
        """Do what a worker's loop does; return the ids of all jobs that were started so far."""
        database = self.state.database
        admitter = Admitter(
            AdmissionLedger(database), Leases(database, "worker"), self.state.jobs, PLENTY, 1
        )
        await admitter.admit()
        return self.temporal.started

    async def key(self, project_id: str = "default", scope: Scope = Scope.ADMIN) -> dict[str, str]:
        """Return the headers of a new key."""
        _, secret = await KeyLedger(self.state.database).create(project_id, "test", scope)
        return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def more_settings() -> dict[str, Any]:
    """What a module's tests set beside the defaults."""
    return {}


@pytest_asyncio.fixture
async def served(tmp_path: Path, more_settings: dict[str, Any]) -> AsyncIterator[Served]:
    """An application with a folder `sources` for directories, called with an admin's key."""
    roots = tmp_path / "sources"
    roots.mkdir()
    settings = Settings(home=tmp_path / "home", source_roots=(roots,), **more_settings)
    Home(settings.home).prepare()
    database = Database(settings.ledger_url)
    await migrate(database)
    temporal = ListeningTemporal()
    state = ApiState.of(settings, database, cast("Client", temporal))
    app = create_app(lambda: (_ for _ in ()).throw(AssertionError))  # type: ignore[arg-type]
    app.state.sheaf = state
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://sheaf.test") as client:
        made = Served(client, state, temporal)
        client.headers.update(await made.key())
        yield made
    await state.views.close()
    await database.close()
