"""Requests that come while a transaction runs go together in the next one."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy.exc import OperationalError

from sheaf.ledger.group_commit import MOST_TOGETHER, GroupCommit


class Doubling:
    """A kind of transaction that takes a moment, and whose requests may be faulty."""

    def __init__(self, *faulty: int, error: Exception | None = None) -> None:
        self.groups: list[list[int]] = []
        self.faulty = faulty
        self.error = error or KeyError("faulty")

    async def run(self, requests: Sequence[int]) -> list[int]:
        self.groups.append(list(requests))
        await asyncio.sleep(0.001)
        if set(self.faulty) & set(requests):
            raise self.error
        return [2 * request for request in requests]


async def test_those_who_come_at_once_go_together_and_get_their_own_answers() -> None:
    doubling = Doubling()
    commit = GroupCommit(doubling.run)
    assert await asyncio.gather(*map(commit, range(5))) == [0, 2, 4, 6, 8]
    assert doubling.groups == [[0, 1, 2, 3, 4]]


async def test_those_who_come_meanwhile_go_together_next() -> None:
    doubling = Doubling()
    commit = GroupCommit(doubling.run)
    first = asyncio.create_task(commit(1))
    while not doubling.groups:
        await asyncio.sleep(0)
    assert await asyncio.gather(commit(2), commit(3), first) == [4, 6, 2]
    assert doubling.groups == [[1], [2, 3]]
    assert await commit(4) == 8


async def test_a_group_has_its_bound() -> None:
    doubling = Doubling()
    commit = GroupCommit(doubling.run)
    await asyncio.gather(*map(commit, range(MOST_TOGETHER + 1)))
    assert list(map(len, doubling.groups)) == [MOST_TOGETHER, 1]


async def test_the_fault_of_one_request_is_of_no_other() -> None:
    commit = GroupCommit(Doubling(2).run)
    answers = await asyncio.gather(*map(commit, range(4)), return_exceptions=True)
    assert [answers[n] for n in (0, 1, 3)] == [0, 2, 6]
    assert isinstance(answers[2], KeyError)


async def test_a_database_that_is_away_is_asked_once_for_all() -> None:
    away = OperationalError("", {}, Exception("database is locked"))
    doubling = Doubling(0, error=away)
    commit = GroupCommit(doubling.run)
    answers = await asyncio.gather(*map(commit, range(4)), return_exceptions=True)
    assert answers == [away] * 4
    assert len(doubling.groups) == 1


async def test_whoever_is_cancelled_keeps_no_other_from_its_answer() -> None:
    commit = GroupCommit(Doubling().run)
    first, second = (asyncio.create_task(commit(n)) for n in (1, 2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 4
    with pytest.raises(asyncio.CancelledError):
        await first
