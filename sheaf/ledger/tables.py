"""Tables of the ledger.

Times are integers: microseconds since the epoch, UTC, because SQLite has no type that keeps a
zone. JSON columns hold what was validated on the way in and are never searched.
"""

import sqlalchemy as sa

from sheaf.contracts.apis import JobApi, Scope
from sheaf.contracts.failures import FailureKind
from sheaf.contracts.ids import DIRECTORY_PREFIX, FILE_PREFIX, JOB_PREFIX
from sheaf.contracts.states import ItemStatus, JobStatus, JobType, SkipReason
from sheaf.ledger.column_types import key, sha256, task_key
from sheaf.ledger.words import words

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID = sa.String(64)
JOB, _DIRECTORY, _FILE = key(JOB_PREFIX), key(DIRECTORY_PREFIX), key(FILE_PREFIX)
_TASK = task_key()
_SHA256 = sha256()
TIME = sa.BigInteger

directories = sa.Table(
    "directories",
    metadata,
    sa.Column("id", _DIRECTORY, primary_key=True),
    sa.Column("project_id", ID, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    # None: the directory holds uploaded files.
    sa.Column("source_uri", sa.Text, nullable=True),
    sa.Column("description", sa.Text, nullable=True),
    # `user`, `index` or `ephemeral`; `hidden` holds the files of single jobs and is never listed.
    sa.Column("type", sa.String(16), nullable=False, server_default="user"),
    sa.Column("connector_subscription_id", sa.Text, nullable=True),
    sa.Column("data_source_id", sa.Text, nullable=True),
    sa.Column("system_metadata", sa.JSON, nullable=True),
    sa.Column("expires_at", TIME, nullable=True),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("updated_at", TIME, nullable=False),
    sa.Column("deleted_at", TIME, nullable=True),
    sa.UniqueConstraint("project_id", "source_uri"),
    sa.Index(None, "project_id", "created_at"),
)

directory_files = sa.Table(
    "directory_files",
    metadata,
    sa.Column("id", _FILE, primary_key=True),
    sa.Column("project_id", ID, nullable=False),
    sa.Column("directory_id", _DIRECTORY, nullable=False),
    # Path relative to the source, or the caller's own key; unique within the directory.
    sa.Column("unique_id", sa.Text, nullable=False),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    # What an object store calls the content; None of files in folders and of uploads.
    sa.Column("etag", sa.String(255), nullable=True),
    # Hash of what was last read; None when never read, or changed since.
    sa.Column("content_sha256", _SHA256, nullable=True),
    # The job whose enumeration saw the file last; how files that are gone are told.
    sa.Column("seen_by", JOB, nullable=True),
    # The uploaded file that holds the bytes; None where the directory's source does.
    sa.Column("upload_id", ID, nullable=True),
    # The caller's own key and values.
    sa.Column("metadata", sa.JSON, nullable=True),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("updated_at", TIME, nullable=False),
    sa.Column("deleted_at", TIME, nullable=True),
    sa.UniqueConstraint("directory_id", "unique_id"),
    # The order in which files are listed, and uploaded ones enumerated.
    sa.Index(None, "directory_id", "created_at", "id"),
    sa.Index(None, "upload_id"),
)

uploads = sa.Table(
    "uploads",
    metadata,
    # Files that callers have sent: a bare UUID, the id of the contract's `files`.
    sa.Column("id", ID, primary_key=True),
    sa.Column("project_id", ID, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("external_file_id", sa.Text, nullable=True),
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("content_sha256", sa.String(64), nullable=False),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("updated_at", TIME, nullable=False),
    sa.Column("expires_at", TIME, nullable=True),
    sa.Column("deleted_at", TIME, nullable=True),
    sa.Index(None, "project_id", "created_at"),
    sa.Index(None, "project_id", "external_file_id"),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", JOB, primary_key=True),
    sa.Column("project_id", ID, nullable=False),
    sa.Column("job_type", words(JobType, 16), nullable=False),
    sa.Column("status", words(JobStatus, 16), nullable=False),
    sa.Column("directory_id", _DIRECTORY, nullable=True),
    # The API that made the job, and the id that it is known by there when
    # that is not the job's own.
    sa.Column("api", words(JobApi, 16), nullable=False, server_default="batch"),
    sa.Column("public_id", ID, nullable=True, unique=True),
    # What that API echoes beside the request: configuration ids, file inputs, user metadata.
    sa.Column("echo", sa.JSON, nullable=True),
    # The request as accepted (sheaf.contracts.http.batch.BatchJobCreate), without secrets.
    sa.Column("request", sa.JSON, nullable=False),
    # Argument of the first run (sheaf.contracts.temporal.runs.BatchInput), so that a lost start can
    # be made good.
    sa.Column("run", sa.JSON, nullable=False),
    sa.Column("parameters_hash", sa.String(64), nullable=False),
    sa.Column("engine_fingerprint", sa.String(128), nullable=False),
    sa.Column("unsupported_parameters", sa.JSON, nullable=False),
    # Whether anybody is to be told: without it no event rows are written.
    sa.Column("has_webhooks", sa.Boolean, nullable=False, default=False),
    sa.Column("total", sa.Integer, nullable=False, default=0),
    sa.Column("completed", sa.Integer, nullable=False, default=0),
    sa.Column("failed", sa.Integer, nullable=False, default=0),
    sa.Column("skipped", sa.Integer, nullable=False, default=0),
    sa.Column("cancelled", sa.Integer, nullable=False, default=0),
    # Where the enumeration stands, who may move it on, and whether the total is final.
    sa.Column("enumeration_cursor", sa.Text, nullable=True),
    sa.Column("enumeration_fence", sa.Integer, nullable=False, default=0),
    sa.Column("is_enumerated", sa.Boolean, nullable=False, default=False),
    # Its place among the jobs that wait: its class (sheaf.rules.scheduling.admission), and 1 for
    # the most urgent.
    sa.Column("is_small", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("priority", sa.SmallInteger, nullable=False, server_default="3"),
    # When it was given a place among the open jobs, and the worker that gave it; None waits.
    sa.Column("admitted_at", TIME, nullable=True),
    sa.Column("admitted_by", ID, nullable=True),
    # The Workflow that it shares with other small jobs; None where it has one of its own.
    sa.Column("carried_by", ID, nullable=True),
    sa.Column("cancel_requested_at", TIME, nullable=True),
    sa.Column("reason", sa.Text, nullable=True),
    sa.Column("error_message", sa.Text, nullable=True),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("updated_at", TIME, nullable=False),
    sa.Column("started_at", TIME, nullable=True),
    sa.Column("completed_at", TIME, nullable=True),
    # Jobs of one file can be deleted; they are then as unknown as if they had never been.
    sa.Column("deleted_at", TIME, nullable=True),
    sa.Index(None, "status", "created_at"),
    sa.Index(None, "project_id", "created_at"),
    sa.Index(None, "project_id", "api", "created_at"),
    # The jobs that wait, in their order, and those that are open: few rows of a table of many.
    *(
        sa.Index(
            name,
            *columns,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )
        for name, columns, condition in (
            (
                "ix_jobs_waiting",
                ("is_small", "project_id", "priority", "created_at", "id"),
                "admitted_at IS NULL AND completed_at IS NULL",
            ),
            (
                "ix_jobs_open",
                ("is_small", "project_id", "admitted_by", "admitted_at"),
                "admitted_at IS NOT NULL AND completed_at IS NULL",
            ),
        )
    ),
)

items = sa.Table(
    "items",
    metadata,
    sa.Column("job_id", JOB, primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("file_id", _FILE, nullable=False),
    # The item's own parse or classify job, a bare UUID.
    sa.Column("task_id", _TASK, nullable=False, unique=True),
    sa.Column("status", words(ItemStatus, 16), nullable=False),
    # Raised by each claim; a write with an older one is refused.
    sa.Column("fence", sa.Integer, nullable=False, default=0),
    # Claims in a row that brought no outcome: their workers died.
    sa.Column("lost_claims", sa.Integer, nullable=False, default=0),
    # Attempts that failed transiently.
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("result_id", _TASK, nullable=True),
    sa.Column("failure_kind", words(FailureKind, 32), nullable=True),
    sa.Column("error_message", sa.Text, nullable=True),
    sa.Column("skip_reason", words(SkipReason, 32), nullable=True),
    sa.Column("started_at", TIME, nullable=True),
    sa.Column("completed_at", TIME, nullable=True),
    sa.UniqueConstraint("job_id", "file_id"),
    # What is left to do, and what people look for when it is done: most items complete, and are
    # then in neither. Alternatives and no lists: one of them, written out, is then known to imply
    # the condition, and SQLite takes the index of its own accord.
    *(
        sa.Index(
            name,
            *("job_id", "status", "ordinal"),
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )
        for name, condition in (
            ("ix_items_unsettled", "status = 'pending' OR status = 'processing'"),
            (
                "ix_items_exceptions",
                "status = 'failed' OR status = 'skipped' OR status = 'cancelled'",
            ),
        )
    ),
    # Who took a result of another job, and of which file; few rows, or none, in most jobs.
    *(
        sa.Index(
            f"ix_items_reused_{name}",
            name,
            sqlite_where=sa.text("skip_reason IS NOT NULL"),
            postgresql_where=sa.text("skip_reason IS NOT NULL"),
        )
        for name in ("result_id", "file_id")
    ),
    sqlite_with_rowid=False,
)

WAITING = sa.and_(jobs.c.admitted_at.is_(None), jobs.c.completed_at.is_(None))
OPEN = sa.and_(jobs.c.admitted_at.is_not(None), jobs.c.completed_at.is_(None))

UNSETTLED = items.c.status.in_((ItemStatus.PENDING, ItemStatus.PROCESSING))


def has_status(status: ItemStatus) -> sa.ColumnElement[bool]:
    """Return that an item has a status, written out: a parameter would not find the index."""
    return items.c.status == sa.literal_column(f"'{status.value}'")


attempts = sa.Table(
    "attempts",
    metadata,
    # Every attempt that did not end its item: retried, given back, or refused by the fence.
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("job_id", JOB, nullable=False),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("worker", sa.String(128), nullable=False),
    sa.Column("outcome", sa.String(32), nullable=False),
    sa.Column("message", sa.Text, nullable=True),
    sa.Column("ended_at", TIME, nullable=False),
    sa.Index(None, "job_id", "ordinal"),
)

results = sa.Table(
    "results",
    metadata,
    # The item's task_id: a task has at most one result.
    sa.Column("id", _TASK, primary_key=True),
    # Also says what it was made by: type, parameters, engines.
    sa.Column("job_id", JOB, nullable=False),
    sa.Column("file_id", _FILE, nullable=False),
    sa.Column("content_sha256", _SHA256, nullable=False),
    # What of the file's name was believed when its type was told (sheaf.rules.name_hints).
    sa.Column("name_hint", sa.String(16), nullable=False, server_default=""),
    sa.Column("engine", sa.String(64), nullable=False),
    sa.Column("media_type", sa.String(128), nullable=False),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    # Where in the store it is; without a pack, as objects of its own
    # (sheaf.processing.result_store).
    sa.Column("pack", sa.String(32), nullable=True),
    sa.Column("pack_offset", sa.BigInteger, nullable=True),
    sa.Column("pack_bytes", sa.BigInteger, nullable=True),
    # Classification, warnings: small, bounded, shown in listings.
    sa.Column("output_metadata", sa.JSON, nullable=False),
    # Whether a later job may take it instead of working again.
    sa.Column("is_reusable", sa.Boolean, nullable=False),
    sa.Column("processed_at", TIME, nullable=False),
    sa.Index(None, "content_sha256"),
    sa.Index(None, "file_id"),
    sqlite_with_rowid=False,
)

projects = sa.Table(
    "projects",
    metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", TIME, nullable=False),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("project_id", ID, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    # SHA-256 of a key of 256 random bits: nothing to stretch, and one indexed lookup.
    sa.Column("key_sha256", sa.String(64), nullable=False, unique=True),
    # First characters of the key, by which people tell their keys apart.
    sa.Column("hint", sa.String(16), nullable=False),
    sa.Column("scope", words(Scope, 16), nullable=False),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("expires_at", TIME, nullable=True),
    sa.Column("revoked_at", TIME, nullable=True),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    # A POST that may be sent again: by the caller's Idempotency-Key, or by what an SDK re-sends.
    sa.Column("project_id", ID, primary_key=True),
    sa.Column("key_sha256", sa.String(64), primary_key=True),
    sa.Column("request_sha256", sa.String(64), nullable=False),
    # The id that whatever is made gets, also when the first attempt died half-way.
    sa.Column("reserved_id", sa.String(36), nullable=False),
    # None until the answer is known.
    sa.Column("status_code", sa.Integer, nullable=True),
    sa.Column("answer", sa.JSON, nullable=True),
    sa.Column("expires_at", TIME, nullable=False),
    sa.Index(None, "expires_at"),
)

configurations = sa.Table(
    "configurations",
    metadata,
    # Saved product configurations, `cfg-…`; one for each name and product type of a project.
    sa.Column("id", ID, primary_key=True),
    sa.Column("project_id", ID, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("product_type", sa.String(32), nullable=False),
    sa.Column("parameters", sa.JSON, nullable=False),
    sa.Column("version", sa.String(64), nullable=False),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("updated_at", TIME, nullable=False),
    sa.UniqueConstraint("project_id", "name", "product_type"),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("holder", sa.String(128), nullable=False),
    sa.Column("expires_at", TIME, nullable=False),
)
