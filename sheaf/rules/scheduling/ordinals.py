"""Ranges of ordinals: the compact form in which items travel."""

from collections.abc import Iterable, Sequence

from sheaf.contracts.temporal.runs import OrdinalRange


def ranges_of(ordinals: Iterable[int]) -> list[OrdinalRange]:
    """Return the runs of neighbours among ordinals, ascending."""
    ranges: list[OrdinalRange] = []
    for ordinal in sorted(set(ordinals)):
        if ranges and ranges[-1].last == ordinal - 1:
            ranges[-1] = OrdinalRange(first=ranges[-1].first, last=ordinal)
        else:
            ranges.append(OrdinalRange(first=ordinal, last=ordinal))
    return ranges


def at_most(ranges: Sequence[OrdinalRange], most: int) -> list[OrdinalRange]:
    """Return ranges as they are, or where they are too many, fewer that hold the same ordinals.

    Those with the fewest ordinals between them become one, which then holds these, too.

    Args:
        ranges: in any order; they may overlap.
        most: at least 1.
    """
    if len(ranges) <= most:
        return list(ranges)
    ascending = sorted(ranges, key=lambda one: one.first)
    gaps = sorted(
        range(1, len(ascending)),
        key=lambda at: ascending[at].first - ascending[at - 1].last,
        reverse=True,
    )
    begins = sorted([0, *gaps[: most - 1]])
    groups = [
        ascending[begin:end]
        for begin, end in zip(begins, [*begins[1:], len(ascending)], strict=True)
    ]
    return [
        OrdinalRange(first=group[0].first, last=max(one.last for one in group)) for group in groups
    ]
