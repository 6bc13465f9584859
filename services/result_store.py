"""Results in the store of blobs: packs of JSON Lines, a line a result.

What a slice records at once is written as one object, so that a million results are some ten
thousand objects, and one sync, or one request of S3, stores a whole group. A row of the ledger
says where in which pack a result's line is. Pictures are objects of their own beside the packs.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from services.ledger.records import Outcome, ResultPlace
from services.storage.blobs import Blobs


@dataclass(frozen=True)
class Processed:
    """An item's outcome, and what must be stored before it is recorded."""

    outcome: Outcome
    line: bytes = b""
    """The result as a line of JSON, with its line end; empty where there is none."""
    images: Mapping[str, bytes] = field(default_factory=dict)
    """Pictures of the result by their names."""


@dataclass(frozen=True)
class StoredResult:
    """A result as it was stored."""

    canonical: dict[str, Any]
    """Names of file and job, `document` and `classification`; see `services.documents`."""
    markdown: str
    """As the job wanted it written."""


class ResultStore:
    """Writes and reads results; the ledger's rows say which there are."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    async def write(self, job_id: str, group: Sequence[Processed]) -> list[Outcome]:
        """Store a group's results; return its outcomes, which now say where.

        When it returns, all of them will outlast a power loss. A group that is written again
        under the same claims replaces itself.

        Raises:
            OSError: the store cannot be used.
        """
        made = [one for one in group if one.line]
        if not made:
            return [one.outcome for one in group]
        first = made[0].outcome.item
        pack = f"{first.ordinal:09}-{first.fence}"
        offset, lines, outcomes = 0, [], []
        for one in group:
            outcomes.append(_placed(one, pack, offset))
            lines.append(one.line)
            offset += len(one.line)
        images = [
            (image_key(job_id, one.outcome.item.task_id, name), content)
            for one in made
            for name, content in one.images.items()
        ]
        await self._blobs.put_many([(_pack_key(job_id, pack), b"".join(lines)), *images])
        return outcomes

    async def forget(self, job_id: str, outcomes: Sequence[Outcome]) -> None:
        """Delete the pack of a group of which no outcome was accepted."""
        packs = {o.result.pack for o in outcomes if o.result and o.result.pack}
        for pack in packs:
            await self._blobs.delete(_pack_key(job_id, pack))

    async def read(self, place: ResultPlace) -> StoredResult:
        """Return a result.

        Raises:
            FileNotFoundError: it is not there any more.
        """
        if place.pack is None:
            canonical = json.loads(await self._blobs.get(_own_key(place, "json")))
            markdown = (await self._blobs.get(_own_key(place, "md"))).decode()
            return StoredResult(canonical, markdown)
        key = _pack_key(place.job_id, place.pack)
        canonical = json.loads(await self._blobs.get(key, place.offset, place.size))
        return StoredResult(canonical, canonical.pop("markdown"))

    async def image(self, place: ResultPlace, name: str) -> bytes:
        """Return a picture of a result; FileNotFoundError where there is none."""
        return await self._blobs.get(image_key(place.job_id, place.result_id, name))

    async def delete_job(self, job_id: str) -> None:
        """Delete all that is stored of a job; nothing where there is nothing."""
        await self._blobs.delete_all(f"results/{job_id}/")

    def uri(self, place: ResultPlace) -> str:
        """Return the address of the object that a result is in."""
        if place.pack is None:
            return self._blobs.uri(_own_key(place, "json"))
        return self._blobs.uri(_pack_key(place.job_id, place.pack))


def image_key(job_id: str, task_id: str, name: str) -> str:
    """Return the key of a picture that is kept with a result."""
    return f"results/{job_id}/{task_id[-2:]}/{task_id}.images/{name}"


def _placed(one: Processed, pack: str, offset: int) -> Outcome:
    result = one.outcome.result
    if result is None or not one.line:
        return one.outcome
    placed = replace(result, pack=pack, pack_offset=offset, pack_bytes=len(one.line))
    return replace(one.outcome, result=placed)


def _pack_key(job_id: str, pack: str) -> str:
    return f"results/{job_id}/{pack}.jsonl"


def _own_key(place: ResultPlace, suffix: str) -> str:
    result_id = place.result_id
    return f"results/{place.job_id}/{result_id[-2:]}/{result_id}.{suffix}"
