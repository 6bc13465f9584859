"""POSTs that may be sent again without making a second thing.

By an `Idempotency-Key` of the caller's. The official SDKs send none, and send a POST again after
a time-out, marked by `x-stainless-retry-count`: such a request is taken for the one with the same
key, path and body that the SDK sent as its first attempt a moment ago.
"""

import hashlib
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request
from pydantic import BaseModel

from sheaf.api.dependencies.auth import Caller, CurrentCaller, State
from sheaf.api.errors import InvalidError
from sheaf.contracts.http.secrets import REVEALED
from sheaf.ledger.access.idempotency import IdempotencyLedger

Answer = TypeVar("Answer", bound=BaseModel)

KEPT_SECONDS = 24 * 3600
RETRY_SECONDS = 150
"""An SDK waits 60 s for an answer and then at most 8 s, or what Retry-After says up to 60 s."""


@dataclass(frozen=True)
class Idempotent:
    """Makes a thing once for all the attempts at one request."""

    request: Request
    caller: Caller
    ledger: IdempotencyLedger
    key: str | None
    retries: int | None
    """How often the SDK has sent the request before; None when no SDK sent it."""

    async def __call__(
        self,
        body: BaseModel | dict[str, object],
        make: Callable[[str], Awaitable[Answer]],
        answers: type[Answer],
    ) -> Answer:
        """Return what `make` makes, or the answer to an earlier attempt at the request.

        Args:
            body: what is asked for; of an upload, its fields and the hash of its content.
            make: called with 32 hexadecimal digits, reserved for the id of what it makes. After
                a crash it is called again with the same ones, and must be idempotent by them.
            answers: what `make` returns.

        Raises:
            InvalidError: the key was used for another request.
        """
        if self.key is None and self.retries is None:
            return await make(uuid.uuid4().hex)
        digest = self._digest(body)
        is_first = self.key is None and self.retries == 0
        name, seconds = self._name(digest)
        project_id = self.caller.project_id
        attempt = await self.ledger.begin(project_id, name, digest, seconds, is_first=is_first)
        if attempt.request_sha256 != digest:
            raise InvalidError(
                ("header", "Idempotency-Key"),
                "Idempotency-Key was used for another request. Send a new key with a new body.",
            )
        if attempt.answer is not None:
            return answers.model_validate(attempt.answer)
        answer = await make(attempt.reserved_id)
        shown = answer.model_dump(mode="json")
        await self.ledger.end(project_id, name, attempt.reserved_id, shown)
        return answer

    def _name(self, digest: str) -> tuple[str, float]:
        if self.key is not None:
            return f"key {self.caller.key_id} {self.key}", KEPT_SECONDS
        return f"retry {self.caller.key_id} {digest}", RETRY_SECONDS

    def _digest(self, body: BaseModel | dict[str, object]) -> str:
        value = (
            body.model_dump(mode="json", context=REVEALED) if isinstance(body, BaseModel) else body
        )
        asked = [self.request.method, self.request.url.path, value]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _once(
    request: Request,
    caller: CurrentCaller,
    state: State,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            description="Sent again within 24 hours with the same body, it gives the same answer.",
        ),
    ] = None,
    x_stainless_retry_count: Annotated[
        int | None, Header(ge=0, le=1000, include_in_schema=False)
    ] = None,
) -> Idempotent:
    return Idempotent(
        request,
        caller,
        IdempotencyLedger(state.database),
        idempotency_key,
        x_stainless_retry_count,
    )


Once = Annotated[Idempotent, Depends(_once)]
