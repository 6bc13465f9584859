"""What every process of a deployment makes from the same settings: connections and limits."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig, ClientConnectConfig

from sheaf.contracts.temporal.runs import MAX_CONCURRENCY, RunLimits
from sheaf.embedded.home import Home
from sheaf.engines.fingerprint import fingerprint
from sheaf.jobs.service import JobService
from sheaf.ledger.database import Database
from sheaf.ledger.files.directories import DirectoryLedger
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.webhooks.configs import WebhookConfigLedger
from sheaf.rules.parameters.s3_locations import parse_allowed
from sheaf.rules.webhooks.outbound_urls import OutboundPolicy, parse_exemptions
from sheaf.runtime.signing_keys import FixedKeys, HomeKeys, PreviousKey, SigningKeys
from sheaf.storage.blobs import Blobs
from sheaf.views.views import Views
from sheaf.webhooks.receivers import Receivers
from sheaf.webhooks.seals import Seals
from sheaf.webhooks.url_guard import Guard

SLICES_PER_PROCESS = 2
"""Default concurrency of a job per parser process: some slices wait in the Task Queue, so that
a process never waits for the next one to be scheduled. More of them only makes them shorter: with
four, small PDFs took a tenth longer."""

QUIET_WATCHDOG = 2
"""How many times longer than usual a parent's watchdog pauses at most while nothing changes: a page
that is lost then is found within 30 s and not 15."""

CONNECT_ATTEMPTS = 60
DEFAULT_ADDRESS = "127.0.0.1:7233"


class DeploymentSettings(Protocol):
    """The settings that a deployment's parts share."""

    @property
    def parser_processes(self) -> int: ...  # noqa: D102
    @property
    def heartbeat_seconds(self) -> float: ...  # noqa: D102
    @property
    def file_seconds(self) -> float: ...  # noqa: D102
    @property
    def slice_seconds(self) -> float: ...  # noqa: D102
    @property
    def watchdog_seconds(self) -> float: ...  # noqa: D102
    @property
    def max_events(self) -> int: ...  # noqa: D102
    @property
    def worker_deployment(self) -> str | None: ...  # noqa: D102
    @property
    def home(self) -> Path: ...  # noqa: D102
    @property
    def signing_key(self) -> SecretStr | None: ...  # noqa: D102
    @property
    def previous_signing_keys(self) -> Sequence[SecretStr]: ...  # noqa: D102
    @property
    def webhook_allow(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def webhook_ports(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def s3_outputs(self) -> Mapping[str, Sequence[str]]: ...  # noqa: D102
    @property
    def render_seconds(self) -> float: ...  # noqa: D102
    @property
    def render_processes(self) -> int: ...  # noqa: D102
    @property
    def render_memory_bytes(self) -> int: ...  # noqa: D102
    @property
    def local_receivers(self) -> bool | None: ...  # noqa: D102


def temporal_address() -> str:
    """Return the `host:port` that variables and profiles of Temporal name, else localhost's."""
    return ClientConfig.load_client_connect_config().get("target_host") or DEFAULT_ADDRESS


async def connect(attempts: int = CONNECT_ATTEMPTS, address: str | None = None) -> Client:
    """Connect to Temporal, waiting a second between attempts while it does not answer.

    Args:
        attempts: how often to try.
        address: `host:port`; by default what `temporalio.envconfig` finds, else localhost:7233.

    Raises:
        RuntimeError: Temporal did not answer.
    """
    connection = _connection(address)
    for attempt in range(1, attempts + 1):
        try:
            return await Client.connect(**connection, data_converter=pydantic_data_converter)
        except RuntimeError:
            if attempt == attempts:
                raise
            await asyncio.sleep(1)
    raise AssertionError("unreachable")


async def lazy_client(address: str | None = None) -> Client:
    """Return a client that connects at its first call, so that Temporal may be away until then.

    Server and namespace come from the environment, as of `connect`; no request chooses them.
    """
    connection = _connection(address)
    return await Client.connect(**connection, data_converter=pydantic_data_converter, lazy=True)


def _connection(address: str | None) -> ClientConnectConfig:
    connection = ClientConfig.load_client_connect_config()
    connection.setdefault("target_host", DEFAULT_ADDRESS)
    if address:
        connection["target_host"] = address
    return connection


def run_limits(settings: DeploymentSettings) -> RunLimits:
    """Return the bounds of runs as the settings have them."""
    return RunLimits(
        heartbeat_seconds=settings.heartbeat_seconds,
        file_seconds=settings.file_seconds,
        slice_seconds=settings.slice_seconds,
        watchdog_seconds=settings.watchdog_seconds,
        longest_watchdog_seconds=QUIET_WATCHDOG * settings.watchdog_seconds,
        max_events=settings.max_events,
    )


def signing_keys(settings: DeploymentSettings) -> SigningKeys:
    """Return the keys of links and seals: the deployment's, or the home's own.

    Links under a key of before that the settings name last as they say, while it is named.
    """
    texts = [one.get_secret_value() for one in settings.previous_signing_keys]
    named = [PreviousKey(form, math.inf) for text in texts for form in _forms(text)]
    home = Home(settings.home)
    if not settings.signing_key:
        return home.signing_keys(named)
    current = settings.signing_key.get_secret_value().encode()
    return FixedKeys(current, [*named, *HomeKeys(home.root).previous()])


def _forms(text: str) -> list[bytes]:
    """Return a key as a setting gives it, and as the file `signing.key` of a home does."""
    try:
        return [text.encode(), bytes.fromhex(text)]
    except ValueError:
        return [text.encode()]


def guard(settings: DeploymentSettings) -> Guard:
    """Return what judges the URLs of callers.

    Raises:
        ValueError: `webhook_allow` has an entry that is no host or network.
    """
    return Guard(
        OutboundPolicy(
            frozenset(settings.webhook_ports),
            parse_exemptions(settings.webhook_allow),
            allows_loopback=bool(settings.local_receivers),
        )
    )


def seals(settings: DeploymentSettings) -> Seals:
    """Return what seals under the signing key, and opens under those of before too."""
    return Seals(signing_keys(settings))


def receivers(settings: DeploymentSettings, database: Database) -> Receivers:
    """Return what takes receivers of events in; errors as of `guard`."""
    return Receivers(WebhookConfigLedger(database), seals(settings), guard(settings))


def views(
    settings: DeploymentSettings, blobs: Blobs, *, at_once: int, wait_seconds: float
) -> Views:
    """Return what has results written; no process is started before the first."""
    return Views(
        blobs,
        processes=settings.render_processes,
        at_once=at_once,
        seconds=settings.render_seconds,
        wait_seconds=wait_seconds,
        memory_bytes=settings.render_memory_bytes,
    )


def job_service(settings: DeploymentSettings, database: Database, client: Client) -> JobService:
    """Return the service that creates, starts and cancels jobs; see its arguments."""
    return JobService(
        JobLedger(database),
        DirectoryLedger(database),
        client,
        receivers(settings, database),
        fingerprint=fingerprint(),
        limits=run_limits(settings),
        concurrency=min(MAX_CONCURRENCY, max(4, SLICES_PER_PROCESS * settings.parser_processes)),
        starts_eagerly=settings.worker_deployment is None,
        outputs=parse_allowed(settings.s3_outputs),
    )
