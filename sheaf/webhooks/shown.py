"""Deliveries as the API and the command line show them."""

from sheaf.contracts.http.deliveries import Delivery, DeliveryAttempt, delivery_id
from sheaf.contracts.states import DeliveryStatus
from sheaf.ledger.webhooks.delivery_log import DeliveryRow
from sheaf.rules.times import moment
from sheaf.rules.webhooks.events import event_id, test_event_id


def delivery(row: DeliveryRow) -> Delivery:
    """Return a row of the outbox as its log entry."""
    told_id = (
        test_event_id(row.receiver_id, row.id)
        if row.job_id is None
        else event_id(row.job_id, row.ordinal, row.event_type)
    )
    is_pending = row.status is DeliveryStatus.PENDING
    return Delivery(
        id=delivery_id(row.id),
        event_id=told_id,
        event_type=row.event_type,
        webhook_configuration_id=row.receiver_id,
        batch_job_id=row.public_id or row.job_id,
        status=row.status,
        attempts=[
            DeliveryAttempt(at=moment(at), status_code=code, latency_ms=latency, error=error)
            for at, code, latency, error in row.log
        ],
        next_attempt_at=moment(row.next_attempt_at) if is_pending else None,
        created_at=moment(row.created_at),
        ended_at=moment(row.ended_at),
    )
