"""In which order events go to a receiver, and which may go at the same time."""

from collections.abc import Sequence
from typing import Protocol, TypeVar


class Ordered(Protocol):
    """An event, as far as its order goes."""

    @property
    def job_id(self) -> str | None:
        """The job; None for a test."""
        ...

    @property
    def ordinal(self) -> int | None:
        """The item; None where the job as a whole is meant."""
        ...


Event = TypeVar("Event", bound=Ordered)


def segments(events: Sequence[Event]) -> list[list[list[Event]]]:
    """Return events in segments of chains: segments follow each other, chains go side by side.

    The events of one item are a chain, in their order. An event of a job as a whole is a segment
    by itself, so that it comes after the events before it and before those after it.
    """
    found: list[list[list[Event]]] = []
    chains: dict[tuple[str | None, int | None], list[Event]] = {}
    for event in events:
        if event.ordinal is None:
            found += [list(chains.values()), [[event]]]
            chains = {}
        else:
            chains.setdefault((event.job_id, event.ordinal), []).append(event)
    found.append(list(chains.values()))
    return [segment for segment in found if segment]
