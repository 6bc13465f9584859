"""Receivers of events that a request of the v2 APIs names."""

from collections.abc import Sequence
from typing import Protocol

from sheaf.api.dependencies.auth import Caller
from sheaf.api.errors import InvalidError
from sheaf.api.state import ApiState
from sheaf.contracts.http.webhooks import WebhookConfiguration
from sheaf.ledger.jobs.receivers import NewReceivers
from sheaf.webhooks.receivers import BadReceiverError


class NamesWebhooks(Protocol):
    """A request that may name receivers."""

    @property
    def webhook_configurations(self) -> list[WebhookConfiguration] | None:
        """Receivers."""
        ...

    @property
    def webhook_configuration_ids(self) -> list[str] | None:
        """Ids of saved receivers."""
        ...


async def named_receivers(
    body: NamesWebhooks, caller: Caller, state: ApiState, saved_ids: Sequence[str] | None = None
) -> NewReceivers:
    """Return the receivers of a request, and those that its saved configuration names.

    Raises:
        InvalidError: one cannot be told of anything, or is not saved.
    """
    ids = [*(body.webhook_configuration_ids or ()), *(saved_ids or ())]
    return await receivers_of(caller, state, body.webhook_configurations, ids)


async def receivers_of(
    caller: Caller,
    state: ApiState,
    configurations: Sequence[WebhookConfiguration] | None,
    ids: Sequence[str] = (),
) -> NewReceivers:
    """Return receivers by what they are; errors as of `named_receivers`."""
    try:
        return await state.receivers.named(caller.project_id, configurations, ids)
    except BadReceiverError as error:
        raise InvalidError(("body", error.field), str(error)) from error
