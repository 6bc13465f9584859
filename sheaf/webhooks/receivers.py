"""Receivers as requests name them: checked, sealed, and told from one another."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sheaf.contracts.http.classify import ClassifyJob
from sheaf.contracts.http.job_config import BatchParseJobRecordCreate
from sheaf.contracts.http.secrets import REVEALED
from sheaf.contracts.http.webhooks import WebhookConfiguration
from sheaf.ledger.jobs.receivers import NewReceiver, NewReceivers
from sheaf.ledger.webhooks.configs import WebhookConfigLedger
from sheaf.rules.webhooks.outbound_urls import RefusedUrlError
from sheaf.webhooks.seals import SealBrokenError, Seals
from sheaf.webhooks.url_guard import Guard

SEALED_FIELDS = {"webhook_url", "webhook_headers", "webhook_signing_secret"}
ROTATION_SECONDS = 24 * 3600
"""How long events are signed with the previous secret too, after it was replaced."""


UNREADABLE = "it was sealed under a signing key that this server does not have"
"""Shown of a receiver that cannot be told of anything until the key is back."""


class BadReceiverError(ValueError):
    """A receiver cannot be told of anything; the message begins with the field."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field


@dataclass(frozen=True)
class Sealed:
    """What a receiver's seal holds."""

    webhook_url: str = field(repr=False)
    webhook_headers: Mapping[str, str] | None = field(default=None, repr=False)
    webhook_signing_secret: str | None = field(default=None, repr=False)
    previous_secret: str | None = field(default=None, repr=False)
    previous_until: float = 0.0
    """Seconds of the epoch."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets to sign with now, the newest first."""
        is_rotating = self.previous_secret is not None and time.time() < self.previous_until
        found = (self.webhook_signing_secret, self.previous_secret if is_rotating else None)
        return tuple(secret for secret in found if secret)

    def changed(self, given: Mapping[str, Any]) -> "Sealed":
        """Return this with other values; a replaced secret goes on signing for a day."""
        values = {**vars(self), **given}
        secret, held = values["webhook_signing_secret"], self.webhook_signing_secret
        if secret is None:
            values |= {"previous_secret": None, "previous_until": 0.0}
        elif held and secret != held:
            until = time.time() + ROTATION_SECONDS
            values |= {"previous_secret": held, "previous_until": until}
        return Sealed(**values)


class Receivers:
    """Takes receivers in, and opens them again for the deliverer.

    Args:
        configs: saved ones, which requests name by id.
        seals: for what must not be readable in the ledger.
        guard: judges their URLs.
    """

    def __init__(self, configs: WebhookConfigLedger, seals: Seals, guard: Guard) -> None:
        self._configs = configs
        self._seals = seals
        self._guard = guard

    def seal(self, sealed: Sealed) -> bytes:
        """Return it as the ledger keeps it."""
        return self._seals.seal(vars(sealed))

    def open(self, sealed: bytes) -> Sealed:
        """Return what a seal holds; SealBrokenError under another key."""
        return Sealed(**self._seals.open(sealed))

    def opened(self, sealed: bytes) -> Sealed | None:
        """Return what a seal holds, or None where this server has not the key of it."""
        try:
            return self.open(sealed)
        except SealBrokenError:
            return None

    async def of_config(
        self, project_id: str, config: BatchParseJobRecordCreate | ClassifyJob
    ) -> NewReceivers:
        """Return those of a batch contract's configuration; errors as of `named`."""
        if isinstance(config, ClassifyJob):
            return await self.named(project_id, config.webhook_configurations)
        asked = config.effective_parameters
        urls = {url.get_secret_value() for url in (config.webhook_url, asked.webhook_url) if url}
        return await self.named(project_id, asked.webhook_configurations, result_urls=sorted(urls))

    async def named(
        self,
        project_id: str,
        configurations: Sequence[WebhookConfiguration] | None = None,
        ids: Sequence[str] | None = None,
        result_urls: Sequence[str] = (),
    ) -> NewReceivers:
        """Return the receivers that a request names.

        Args:
            project_id: whose saved ones are meant.
            configurations: those that the request configures.
            ids: of saved ones.
            result_urls: get the result of each file instead of an event.

        Raises:
            BadReceiverError: one has no URL, or one that is not followed, or is not saved.
        """
        missing = await self._configs.missing(project_id, ids or ())
        if missing:
            named = ", ".join(missing)
            raise BadReceiverError("webhook_configuration_ids", f"no such configuration: {named}")
        new = [
            await self._inline(f"webhook_configurations[{index}]", one)
            for index, one in enumerate(configurations or ())
        ]
        for url in result_urls:
            await self.check_url("webhook_url", url)
            new.append(NewReceiver(self.seal(Sealed(url)), None, "result"))
        return NewReceivers(tuple(new), tuple(dict.fromkeys(ids or ())))

    async def check_url(self, field: str, url: str) -> None:
        """Refuse a URL that is not followed with a BadReceiverError."""
        try:
            await self._guard.check(url)
        except RefusedUrlError as error:
            raise BadReceiverError(field, f"{error}.") from error

    async def _inline(self, field: str, one: WebhookConfiguration) -> NewReceiver:
        if one.webhook_url is None:
            raise BadReceiverError(f"{field}.webhook_url", "a receiver needs one.")
        await self.check_url(f"{field}.webhook_url", one.webhook_url.get_secret_value())
        return NewReceiver(
            self.seal(sealed_of(one)), _events(one.webhook_events), one.webhook_output_format
        )


def sealed_of(one: WebhookConfiguration) -> Sealed:
    """Return what of a configuration is sealed."""
    return Sealed(**one.model_dump(mode="json", context=REVEALED, include=SEALED_FIELDS))


def _events(events: Sequence[str] | None) -> list[str] | None:
    return None if events is None else list(events)
