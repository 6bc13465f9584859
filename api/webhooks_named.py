"""Webhooks that a request of the v2 APIs names."""

from typing import Protocol

from api.caller import Caller
from api.errors import InvalidError
from api.state import ApiState
from models.webhooks import WebhookConfiguration
from services.ledger.webhook_configs import WebhookConfigLedger


class NamesWebhooks(Protocol):
    """A request that may name webhooks."""

    @property
    def webhook_configurations(self) -> list[WebhookConfiguration] | None:
        """Receivers."""
        ...

    @property
    def webhook_configuration_ids(self) -> list[str] | None:
        """Ids of saved receivers."""
        ...


async def unsupported_webhooks(body: NamesWebhooks, caller: Caller, state: ApiState) -> list[str]:
    """Return the names of the fields that are recorded and not yet acted on.

    Raises:
        InvalidError: a saved configuration that is named does not exist.
    """
    ids = body.webhook_configuration_ids or []
    missing = await WebhookConfigLedger(state.database).missing(caller.project_id, ids)
    if missing:
        raise InvalidError(
            ("body", "webhook_configuration_ids"),
            f"webhook_configuration_ids: no such configuration: {', '.join(missing)}",
        )
    named = {
        "webhook_configurations": body.webhook_configurations,
        "webhook_configuration_ids": ids,
    }
    return [name for name, value in named.items() if value]
