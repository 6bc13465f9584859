"""What a pipeline of parser processes is given to read, file by file."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from sheaf.contracts.documents import EngineRequest


@dataclass(frozen=True)
class ParseRequest:
    """One file to read."""

    engine_request: EngineRequest
    deadline_seconds: float
    """Wall time from the moment the process turns to the file: neither the wait for a process nor
    the files before it count."""


class ParseRequests(Protocol):
    """Where a pipeline gets its files."""

    @property
    def is_one_at_hand(self) -> bool:
        """Whether `take` has a file now; it may still be none that there is time for."""
        ...

    def take(self) -> ParseRequest | None:
        """Return the next file, which will then be read; None where none is at hand."""
        ...

    async def wait(self) -> bool:
        """Wait until a file is at hand; False once there will be none any more."""
        ...


class RequestList:
    """Requests that are all known.

    Args:
        requests: taken in this order.
        is_over: asked before each; once it is true, the rest is not taken.
    """

    def __init__(
        self, requests: Iterable[ParseRequest], is_over: Callable[[], bool] = lambda: False
    ) -> None:
        self._requests = deque(requests)
        self._is_over = is_over

    @property
    def is_one_at_hand(self) -> bool:
        """Whether one is left."""
        return bool(self._requests) and not self._is_over()

    def take(self) -> ParseRequest | None:
        """Return the next one."""
        return self._requests.popleft() if self.is_one_at_hand else None

    async def wait(self) -> bool:
        """Return whether one is left."""
        return self.is_one_at_hand
