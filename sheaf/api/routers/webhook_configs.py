"""`/api/v1/beta/webhook-configs`: receivers of events, saved to be named by requests."""

from typing import Annotated, Any

from fastapi import APIRouter, Path

from sheaf.api.dependencies.auth import Caller, CurrentCaller, State
from sheaf.api.dependencies.idempotency import Once
from sheaf.api.dependencies.paging import (
    Page,
    PageSize,
    PageToken,
    by_creation,
    decode_cursor,
    page_of,
)
from sheaf.api.errors import InvalidError
from sheaf.api.state import ApiState
from sheaf.contracts.http.deliveries import Delivery
from sheaf.contracts.http.secrets import HIDDEN, REVEALED, shown_url
from sheaf.contracts.http.webhook_configs import (
    WebhookConfig,
    WebhookConfigCreate,
    WebhookConfigUpdate,
)
from sheaf.ledger.webhooks.configs import WebhookConfigLedger, WebhookConfigRow
from sheaf.ledger.webhooks.delivery_log import DeliveryLog
from sheaf.rules.times import moment
from sheaf.webhooks.receivers import SEALED_FIELDS, UNREADABLE, BadReceiverError, Sealed
from sheaf.webhooks.shown import delivery

router = APIRouter(tags=["webhook configurations"])

MAX_LISTED = 1000
DEFAULT_PAGE = 50
_V1 = "/api/v1/beta/webhook-configs"

ConfigId = Annotated[str, Path(max_length=64, examples=["whc-0192f0c1a2b37c4d8e9f001122334455"])]


@router.post(_V1, status_code=201)
async def create_webhook_config(
    body: WebhookConfigCreate, once: Once, caller: CurrentCaller, state: State
) -> WebhookConfig:
    """Save a receiver. Its secret and the values of its headers are sealed, and never shown."""
    given = body.model_dump(mode="json", exclude_none=True, context=REVEALED)
    await _check_url(given, state)

    async def make(reserved_id: str) -> WebhookConfig:
        values = _columns(state, None, given)
        ledger = WebhookConfigLedger(state.database)
        return _to_response(state, await ledger.create(caller.project_id, values, reserved_id))

    return await once(body, make, WebhookConfig)


@router.get(_V1)
async def list_webhook_configs(caller: CurrentCaller, state: State) -> list[WebhookConfig]:
    """List the newest thousand receivers; `/api/v2/webhook-configs` has pages."""
    rows, _ = await WebhookConfigLedger(state.database).page(caller.project_id, None, MAX_LISTED)
    return [_to_response(state, row) for row in rows]


@router.get("/api/v2/webhook-configs")
async def list_webhook_configs_paginated(
    caller: CurrentCaller,
    state: State,
    *,
    include_total: bool = False,
    page_size: PageSize = DEFAULT_PAGE,
    page_token: PageToken = None,
) -> Page[WebhookConfig]:
    """List receivers, newest first."""
    position = decode_cursor(page_token, int, str)
    rows, total = await WebhookConfigLedger(state.database).page(
        caller.project_id, position and (position[0], position[1]), page_size + 1
    )
    shown, token = page_of(rows, page_size, by_creation)
    return Page(
        items=[_to_response(state, row) for row in shown],
        next_page_token=token,
        total_size=total if include_total else None,
    )


@router.get(f"{_V1}/{{config_id}}")
async def get_webhook_config(
    config_id: ConfigId, caller: CurrentCaller, state: State
) -> WebhookConfig:
    """Return a receiver."""
    row = await WebhookConfigLedger(state.database).get(caller.project_id, config_id)
    return _to_response(state, row)


@router.put(f"{_V1}/{{config_id}}")
async def update_webhook_config(
    config_id: ConfigId, body: WebhookConfigUpdate, caller: CurrentCaller, state: State
) -> WebhookConfig:
    """Change the fields of a receiver that are present; a null clears one."""
    given = body.model_dump(mode="json", exclude_unset=True, context=REVEALED)
    if "webhook_url" in given and given["webhook_url"] is None:
        raise InvalidError(("body", "webhook_url"), "webhook_url: a receiver needs one.")
    return await _update(config_id, given, caller, state)


@router.delete(f"{_V1}/{{config_id}}", status_code=204)
async def delete_webhook_config(config_id: ConfigId, caller: CurrentCaller, state: State) -> None:
    """Delete a receiver; it gets no further events."""
    await WebhookConfigLedger(state.database).delete(caller.project_id, config_id)


@router.post(f"{_V1}/{{config_id}}/test", status_code=202)
async def test_webhook_config(
    config_id: ConfigId, once: Once, caller: CurrentCaller, state: State
) -> Delivery:
    """Send a receiver a `webhook.test`, whatever it subscribes to, also when it is disabled."""

    async def make(_reserved_id: str) -> Delivery:
        row = await DeliveryLog(state.database).post_test(caller.project_id, config_id)
        return delivery(row)

    return await once({"test": config_id}, make, Delivery)


async def _update(
    config_id: str, given: dict[str, Any], caller: Caller, state: ApiState
) -> WebhookConfig:
    ledger = WebhookConfigLedger(state.database)
    row = await ledger.get(caller.project_id, config_id)
    held = state.receivers.opened(row.sealed)
    if held is None and "webhook_url" not in given:
        raise InvalidError(
            ("body", "webhook_url"),
            f"webhook_url: {UNREADABLE}. Send URL, headers and secret again.",
        )
    if held and given.get("webhook_url") == shown_url(held.webhook_url):
        del given["webhook_url"]
    if not given:
        return _to_response(state, row)
    await _check_url(given, state)
    values = _columns(state, held, given)
    return _to_response(state, await ledger.update(caller.project_id, config_id, values))


async def _check_url(given: dict[str, Any], state: ApiState) -> None:
    if "webhook_url" in given:
        try:
            await state.receivers.check_url("webhook_url", given["webhook_url"])
        except BadReceiverError as error:
            raise InvalidError(("body", error.field), str(error)) from error


def _columns(state: ApiState, held: Sealed | None, given: dict[str, Any]) -> dict[str, Any]:
    sealed = {name: given[name] for name in SEALED_FIELDS if name in given}
    changed = held.changed(sealed) if held else Sealed(**sealed)
    values: dict[str, Any] = {"sealed": state.receivers.seal(changed)}
    if "webhook_events" in given:
        values["events"] = given["webhook_events"]
    if held is None or "webhook_output_format" in given:
        values["output_format"] = given.get("webhook_output_format") or "string"
    return values


def _to_response(state: ApiState, row: WebhookConfigRow) -> WebhookConfig:
    held = state.receivers.opened(row.sealed)
    headers = held.webhook_headers if held else None
    return WebhookConfig(
        id=row.id,
        tenant_id=row.project_id,
        webhook_url=shown_url(held.webhook_url) if held else HIDDEN,
        has_secret=bool(held and held.webhook_signing_secret),
        webhook_headers=None if headers is None else dict.fromkeys(headers, HIDDEN),
        webhook_events=row.events,
        webhook_output_format="json" if row.output_format == "json" else "string",
        is_disabled=held is None or row.disabled_at is not None,
        disabled_reason=row.disabled_reason if held else UNREADABLE,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
    )
