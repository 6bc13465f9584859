"""`/api/v1/beta/webhook-deliveries`: what was told to whom, and telling it again."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from sheaf.api.dependencies.auth import CurrentCaller, State
from sheaf.api.dependencies.idempotency import Once
from sheaf.api.dependencies.paging import Page, PageSize, PageToken, decode_cursor, page_of
from sheaf.contracts.http.deliveries import (
    Delivery,
    Redelivered,
    RedeliveryRequest,
    delivery_number,
)
from sheaf.contracts.http.directories import Moment
from sheaf.contracts.states import DeliveryStatus
from sheaf.ledger.records import NotFoundError
from sheaf.ledger.webhooks.delivery_log import DeliveryFilter, DeliveryLog
from sheaf.rules.times import microseconds
from sheaf.webhooks.shown import delivery

router = APIRouter(prefix="/api/v1/beta/webhook-deliveries", tags=["webhook deliveries"])

DEFAULT_PAGE = 50

DeliveryId = Annotated[str, Path(max_length=64, examples=["whd-17"])]
Id = Annotated[str | None, Query(max_length=64)]


@router.get("")
async def list_webhook_deliveries(
    caller: CurrentCaller,
    state: State,
    *,
    webhook_configuration_id: Id = None,
    batch_job_id: Id = None,
    event_type: Id = None,
    status: DeliveryStatus | None = None,
    created_at_on_or_after: Moment | None = None,
    created_at_on_or_before: Moment | None = None,
    page_size: PageSize = DEFAULT_PAGE,
    page_token: PageToken = None,
) -> Page[Delivery]:
    """List deliveries, newest first: also those to receivers that a job's request configured."""
    since, until = created_at_on_or_after, created_at_on_or_before
    asked = DeliveryFilter(
        caller.project_id,
        receiver_id=webhook_configuration_id or None,
        job_id=batch_job_id or None,
        event_type=event_type or None,
        status=status,
        created_from=microseconds(since) if since else None,
        created_to=microseconds(until) if until else None,
    )
    position = decode_cursor(page_token, int)
    rows = await DeliveryLog(state.database).page(
        asked, position[0] if position else None, page_size + 1
    )
    shown, token = page_of(rows, page_size, lambda row: (row.id,))
    return Page(
        items=[delivery(row) for row in shown],
        next_page_token=token,
    )


@router.post("/redeliver", status_code=202)
async def redeliver_webhooks(
    body: RedeliveryRequest, once: Once, caller: CurrentCaller, state: State
) -> Redelivered:
    """Send again all that was given up since a moment. Receivers that were disabled are tried."""
    asked = DeliveryFilter(
        caller.project_id,
        receiver_id=body.webhook_configuration_id,
        job_id=body.batch_job_id,
        status=DeliveryStatus(body.status),
        created_from=microseconds(body.since),
    )

    async def make(_reserved_id: str) -> Redelivered:
        return Redelivered(redelivered=await DeliveryLog(state.database).redeliver_all(asked))

    return await once(body, make, Redelivered)


@router.get("/{delivery_id}")
async def get_webhook_delivery(
    delivery_id: DeliveryId, caller: CurrentCaller, state: State
) -> Delivery:
    """Return a delivery with all its attempts."""
    found = await DeliveryLog(state.database).get(caller.project_id, _number(delivery_id))
    return delivery(found)


@router.post("/{delivery_id}/redeliver", status_code=202)
async def redeliver_webhook(
    delivery_id: DeliveryId, once: Once, caller: CurrentCaller, state: State
) -> Delivery:
    """Send an event again, with the same id and body, whatever became of it."""
    number = _number(delivery_id)

    async def make(_reserved_id: str) -> Delivery:
        return delivery(await DeliveryLog(state.database).redeliver(caller.project_id, number))

    return await once({"redeliver": delivery_id}, make, Delivery)


def _number(delivery_id: str) -> int:
    number = delivery_number(delivery_id)
    if number is None:
        raise NotFoundError(f"no delivery {delivery_id}")
    return number
