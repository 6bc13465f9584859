"""What a pipeline of parser processes is given to read, and what it gives back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sheaf.contracts.documents import EngineRequest, EngineResult
from sheaf.runtime.bounded_queue import BoundedQueue


@dataclass(frozen=True)
class ParseRequest:
    """One file to read."""

    id: str
    """What its response is known by, among all of one queue."""
    engine_request: EngineRequest
    deadline_seconds: float
    """Wall time from the moment the process turns to the file: neither the wait for a process nor
    the files before it count."""


@dataclass(frozen=True)
class ParseResponse:
    """What became of a file: a document, or a failure that is its own."""

    request_id: str
    result: EngineResult
    seconds: float
    """For how long it was the oldest file without a response, which includes what was done
    meanwhile with the response before it."""


ParseRequests: TypeAlias = BoundedQueue[Sequence[ParseRequest]]
"""Requests on their way, in groups of those that become ready together; no group is empty. A group
is taken out when its first file is begun."""
