"""Results in the store of blobs: packs of JSON Lines, a line a result.

What a slice records at once is written as one object, so that a million results are some ten
thousand objects, and one sync, or one request of S3, stores a whole group. A row of the ledger
says where in which pack a result's line is. Pictures are objects of their own beside the packs.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sheaf.ledger.records import Outcome, ResultPlace
from sheaf.storage.blobs import Blobs, OpenBlob

BLOCK_BYTES = 8 * 1024**2
"""Of a result that is in memory at once."""


@dataclass(frozen=True)
class Processed:
    """An item's outcome, and what must be stored before it is recorded."""

    outcome: Outcome
    line: bytes = b""
    """The result as a line of JSON, with its line end; empty where there is none."""
    images: Mapping[str, bytes] = field(default_factory=dict)
    """Pictures of the result by their names."""
    seconds: float = 0.0
    """Time that its parse took; 0 where there was none."""


class ResultStore:
    """Writes results, and reads them as bytes; the ledger's rows say which there are.

    What is in them came out of documents: it is not looked at here.
    """

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

    async def line(self, place: ResultPlace) -> AsyncIterator[bytes]:
        """Yield a result's line of JSON as it was stored, in blocks.

        It is an object with the names of file and job, `document`, `classification`, and in a pack
        `markdown`, as the job wanted it written; see `sheaf.processing.outcomes`.

        Raises:
            FileNotFoundError: it is not there any more.
        """
        if place.pack is None:
            async for block in (await self._blobs.open(_own_key(place, "json"))).content:
                yield block
            return
        key, end = _pack_key(place.job_id, place.pack), place.offset + place.size
        for start in range(place.offset, end, BLOCK_BYTES):
            yield await self._blobs.get(key, start, min(BLOCK_BYTES, end - start))

    async def own_markdown(self, place: ResultPlace) -> bytes | None:
        """Return the markdown of a result that is in no pack; None where its line has it."""
        return None if place.pack else await self._blobs.get(_own_key(place, "md"))

    async def image(self, place: ResultPlace, name: str) -> OpenBlob:
        """Open a picture of a result; FileNotFoundError where there is none."""
        return await self._blobs.open(image_key(place.job_id, place.result_id, name))

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
