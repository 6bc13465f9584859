"""What the handlers of a process share: settings, ledgers, blobs, and the way to Temporal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request
from temporalio.client import Client

from sheaf.composition import job_service, receivers, signing_keys, views
from sheaf.config import Settings
from sheaf.jobs.demand import Demand
from sheaf.jobs.service import JobService
from sheaf.jobs.single_jobs import SingleJobs
from sheaf.ledger.database import Database
from sheaf.ledger.jobs.admissions import AdmissionLedger
from sheaf.processing.results import Results
from sheaf.rules.parameters.s3_locations import S3Location, parse_allowed
from sheaf.runtime.signing_keys import SigningKeys
from sheaf.storage.blobs import Blobs
from sheaf.storage.opened import open_blobs
from sheaf.views.views import Views
from sheaf.webhooks.receivers import Receivers

RENDERED_AT_ONCE = 4
RENDER_WAIT_SECONDS = 10.0
"""How long a request waits for its turn to have a result written: with the time for that, less than
the minute after which SDKs give up."""


@dataclass(frozen=True)
class ApiState:
    """One API process; made at its start and never changed.

    Ledger classes hold nothing but the database, so a router makes those that it needs.
    """

    settings: Settings
    database: Database
    client: Client
    jobs: JobService
    blobs: Blobs
    single_jobs: SingleJobs
    receivers: Receivers
    signing_keys: SigningKeys
    s3_sources: Mapping[str, Sequence[S3Location]]
    demand: Demand
    results: Results
    views: Views

    @classmethod
    def of(cls, settings: Settings, database: Database, client: Client) -> "ApiState":
        """Put the parts together."""
        jobs = job_service(settings, database, client)
        blobs = open_blobs(settings.storage_url, settings.home)
        return cls(
            settings=settings,
            database=database,
            client=client,
            jobs=jobs,
            blobs=blobs,
            single_jobs=SingleJobs(database, jobs, blobs),
            receivers=receivers(settings, database),
            signing_keys=signing_keys(settings),
            s3_sources=parse_allowed(settings.s3_sources),
            demand=Demand(AdmissionLedger(database)),
            results=Results(database, blobs),
            views=views(
                settings, blobs, at_once=RENDERED_AT_ONCE, wait_seconds=RENDER_WAIT_SECONDS
            ),
        )


def api_state(request: Request) -> ApiState:
    """Return the state of the process that serves a request."""
    state: ApiState = request.app.state.sheaf
    return state
