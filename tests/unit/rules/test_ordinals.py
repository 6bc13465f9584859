"""Ranges of ordinals lose none, however few they are to be."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from sheaf.contracts.temporal.runs import OrdinalRange
from sheaf.rules.scheduling.ordinals import at_most, ranges_of

ordinals = st.lists(st.integers(1, 300), max_size=100)


def held(ranges: list[OrdinalRange]) -> list[int]:
    return [ordinal for one in ranges for ordinal in range(one.first, one.last + 1)]


@given(given=ordinals)
def test_ranges_hold_the_ordinals_that_they_were_made_of(given: list[int]) -> None:
    ranges = ranges_of(given)
    assert held(ranges) == sorted(set(given))
    assert all(one.last + 1 < other.first for one, other in itertools.pairwise(ranges))


@given(
    bounds=st.lists(st.tuples(st.integers(1, 300), st.integers(0, 20)), max_size=60),
    most=st.integers(1, 70),
)
def test_fewer_ranges_hold_no_ordinal_less(bounds: list[tuple[int, int]], most: int) -> None:
    ranges = [OrdinalRange(first=first, last=first + more) for first, more in bounds]
    fewer = at_most(ranges, most)
    assert len(fewer) <= most
    assert set(held(ranges)) <= set(held(fewer))
    assert len(ranges) > most or fewer == ranges


def test_ranges_become_one_where_the_least_lies_between_them() -> None:
    ranges = [OrdinalRange(first=n, last=n) for n in (90, 1, 3, 50)]
    assert at_most(ranges, 3) == [
        OrdinalRange(first=1, last=3),
        OrdinalRange(first=50, last=50),
        OrdinalRange(first=90, last=90),
    ]
