"""One attempt at telling one receiver of one event."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from standardwebhooks import Webhook

from sheaf.contracts.http.deliveries import DeliveryError
from sheaf.rules.webhooks.outbound_urls import RefusedUrlError
from sheaf.rules.webhooks.retries import parse_retry_after
from sheaf.runtime import http_client
from sheaf.webhooks.url_guard import Guard, GuardedTransport

DEADLINE_SECONDS = 15.0
"""For one attempt, from the look-up of the name to the head of the answer; what Standard Webhooks
recommends at most is 30."""

DRAIN_SECONDS = 2.0
"""For the rest of an answer, which is read so that the connection can be used again."""

MAX_ANSWER = 64 * 1024
USER_AGENT = "sheaf-webhooks/1"
_SECRET_PREFIX = "whsec_"  # noqa: S105 - names the format


@dataclass(frozen=True)
class Message:
    """What is sent. Its parts are secrets, so it is shown without them."""

    id: str
    type: str
    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: Sequence[str] = field(default=(), repr=False)
    """Signing secrets, the newest first; an older one is good until its receivers have changed."""


@dataclass(frozen=True)
class Attempt:
    """What came of it."""

    at: int
    """When it began, in microseconds of the epoch."""
    latency_ms: int
    status_code: int | None = None
    error: DeliveryError | None = None
    retry_after: float | None = None
    """Seconds that the receiver asked to wait."""

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver took the event."""
        return self.error is None


class Sender:
    """Sends messages to one receiver, one at a time, over a connection that it keeps open.

    Args:
        guard: judges the URL before each message.
        context: trusted certificates.
    """

    def __init__(self, guard: Guard, context: ssl.SSLContext) -> None:
        self._client = http_client.AsyncClient(
            transport=GuardedTransport(guard, context),
            trust_env=False,
            follow_redirects=False,
            timeout=DEADLINE_SECONDS,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        )

    async def send(self, message: Message) -> Attempt:
        """Send once; whatever goes wrong is in the answer."""
        at, started = time.time_ns() // 1000, time.monotonic()
        status: int | None = None
        retry_after: float | None = None
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                response = await self._client.send(self._request(message), stream=True)
            status = response.status_code
            retry_after = parse_retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
            error = None if response.is_success else DeliveryError.HTTP_ERROR
        except (RefusedUrlError, http_client.InvalidURL, UnicodeError):
            # UnicodeError: the host is no name by IDNA to this version of httpx.
            error = DeliveryError.BLOCKED
        except (http_client.HTTPError, OSError) as raised:
            error = _error(raised)
        # What one answer sets must not be told with the next event.
        self._client.cookies.clear()
        latency_ms = round(1000 * (time.monotonic() - started))
        if status is not None:
            await _drain(response)
        return Attempt(at, latency_ms, status, error, retry_after)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    def _request(self, message: Message) -> http_client.Request:
        headers = {
            **message.headers,
            "Content-Type": "application/json",
            "X-Webhook-Event-ID": message.id,
            "X-Webhook-Event-Type": message.type,
            **signature_headers(message, datetime.now(UTC)),
        }
        return self._client.build_request(
            "POST", message.url, content=message.body, headers=headers
        )


def signature_headers(message: Message, now: datetime) -> dict[str, str]:
    """Return the headers of Standard Webhooks 1.0, and LlamaCloud's signature of the raw body.

    Args:
        message: what is sent.
        now: in UTC; `standardwebhooks` 1.1.0 signs any other zone's time as if it were UTC.
    """
    headers = {"webhook-id": message.id, "webhook-timestamp": str(int(now.timestamp()))}
    if message.secrets:
        text = message.body.decode()
        signatures = [Webhook(secret_key(s)).sign(message.id, now, text) for s in message.secrets]
        headers["webhook-signature"] = " ".join(signatures)
        key = message.secrets[0].encode()
        digest = hmac.new(key, message.body, hashlib.sha256).hexdigest()
        headers["LC-Signature"] = f"sha256={digest}"
    return headers


def secret_key(secret: str) -> bytes:
    """Return the key of a signing secret: base64 after `whsec_`, otherwise the text itself."""
    if secret.startswith(_SECRET_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def trusted(ca_file: Path | None) -> ssl.SSLContext:
    """Return the usual certificate authorities, and those of a PEM file."""
    context = http_client.create_ssl_context(trust_env=False)
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


async def _drain(response: http_client.Response) -> None:
    """Read what is left of an answer, within bounds, and let go of its connection."""
    size = 0
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            async for chunk in response.aiter_raw():
                size += len(chunk)
                if size > MAX_ANSWER:
                    break
    except (http_client.HTTPError, OSError):
        pass
    finally:
        await response.aclose()


def _error(raised: Exception) -> DeliveryError:
    if isinstance(raised, http_client.TimeoutException | TimeoutError):
        return DeliveryError.TIMEOUT
    if isinstance(raised, http_client.ConnectError):
        return DeliveryError.TLS if _is_tls(raised) else DeliveryError.UNREACHABLE
    return DeliveryError.DROPPED


def _is_tls(raised: BaseException | None) -> bool:
    while raised is not None:
        if isinstance(raised, ssl.SSLError):
            return True
        raised = raised.__cause__ or raised.__context__
    return False
