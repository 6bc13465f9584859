"""Tables of the ledger about who is told of what; see `sheaf.ledger.tables`."""

import sqlalchemy as sa

from sheaf.contracts.states import DeliveryStatus
from sheaf.ledger.tables import ID, JOB, TIME, metadata
from sheaf.ledger.words import words

outbox = sa.Table(
    "outbox",
    metadata,
    # Events to be delivered, one row for each receiver, written in the transaction that makes
    # them true; and the log of their delivery.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("project_id", ID, nullable=False),
    sa.Column("receiver_id", ID, nullable=False),
    # None: a test, which is of no job.
    sa.Column("job_id", JOB, nullable=True),
    # None: the event is of the job as a whole.
    sa.Column("ordinal", sa.Integer, nullable=True),
    sa.Column("event_type", sa.String(64), nullable=False),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("status", words(DeliveryStatus, 16), nullable=False),
    # Attempts since the event was posted, or posted again by hand.
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_attempt_at", TIME, nullable=False),
    sa.Column("ended_at", TIME, nullable=True),
    # All attempts: [time, status code or None, milliseconds, error or None].
    sa.Column("log", sa.JSON, nullable=True),
    sa.Index(
        "ix_outbox_due",
        *("receiver_id", "next_attempt_at", "id"),
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    ),
    sa.Index(None, "project_id", "id"),
    sa.Index(None, "job_id", "id"),
    # An id that was deleted with the end of the log is never given again.
    sqlite_autoincrement=True,
)

job_receivers = sa.Table(
    "job_receivers",
    metadata,
    # Who is told of a job.
    sa.Column("job_id", JOB, primary_key=True),
    sa.Column("receiver_id", ID, primary_key=True),
)

webhook_configs = sa.Table(
    "webhook_configs",
    metadata,
    # Receivers of events, `whc-…`. URL, headers and secrets are sealed: each may be one.
    sa.Column("id", ID, primary_key=True),
    sa.Column("project_id", ID, nullable=False),
    # The job whose request configured it; None for one that was saved to be named by requests.
    sa.Column("job_id", JOB, nullable=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("events", sa.JSON, nullable=True),
    # `string` or `json`, of the event; `result` sends the result of each file instead.
    sa.Column("output_format", sa.String(16), nullable=False),
    # How it does: failed attempts in a row and since when, until when it is left alone, why it is
    # sent nothing more, and until when a deliverer has it in hand.
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("failing_since", TIME, nullable=True),
    sa.Column("rests_until", TIME, nullable=False, server_default="0"),
    sa.Column("disabled_at", TIME, nullable=True),
    sa.Column("disabled_reason", sa.Text, nullable=True),
    sa.Column("in_hand_until", TIME, nullable=False, server_default="0"),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("updated_at", TIME, nullable=False),
    sa.Index(None, "project_id", "created_at"),
)
