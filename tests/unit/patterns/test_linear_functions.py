"""What the product does to a stranger's text by itself takes time in proportion to its length."""

import gc
import time
from collections.abc import Callable

import pytest

from sheaf.api.middleware.limits import fault_of
from sheaf.contracts.documents import ParsedPage
from sheaf.engines.detection.mail_signs import is_mail
from sheaf.engines.markdown import plain_text
from sheaf.engines.office.sheets import sub_tables
from sheaf.rules.rendering.page_links import annotated
from sheaf.rules.rendering.page_margins import Margins, printed_page_numbers, without_margins
from sheaf.rules.rendering.table_merging import merge_tables
from tests.unit.patterns.timed import linear_seconds

LENGTH = 20_000
TIMES = 16
TRIES = 4
MOST_GROWTH = 128
"""16 is linear, 256 quadratic; memory adds."""
MEASURABLE_TIMES_LINEAR = 4


def _pages(text: str, *, size: int = 40) -> list[ParsedPage]:
    return [
        ParsedPage(page=1 + at // size, text="", md=text[at : at + size])
        for at in range(0, len(text), size)
    ]


def _numbered(text: str) -> list[tuple[int, Margins]]:
    return [(at, Margins(footer=f"{at} of {len(text)}")) for at in range(len(text) // 40)]


WORK: dict[str, tuple[Callable[[str], object], list[str]]] = {
    "limits": (lambda text: fault_of(text.encode()), ['"\\', "[", "[]", '["', '{"a":']),
    "links": (lambda text: annotated(text, text), ["[a](b)", "[", "a [b](c) ", "[\\", "[a]( "]),
    "links that are gone": (lambda text: annotated("x" * len(text), text), ["[xy](b)", "[y](b)"]),
    "plain text": (plain_text, ["*a ", "a*", "**a*", "`a ~~b", "[a](b", "![a", "| a ", "*"]),
    "mail": (lambda text: is_mail(text, is_named=False), ["a:\n", "x-a", "from: a\n", " \n"]),
    "margins": (
        lambda text: without_margins(text, Margins(text, text)),
        ["a\n", "a b\n", "a "],
    ),
    "page numbers": (lambda text: printed_page_numbers(_numbered(text)), [" "]),
    "rows": (lambda text: sub_tables([[letter] for letter in text]), ["a", "a "]),
    "tables": (
        lambda text: merge_tables(_pages(text)),
        [f"{'| a | b |':12}\n| --- | --- |\n{'':13}"],
    ),
}


@pytest.mark.parametrize(
    ("name", "pump"), [(name, pump) for name, (_, pumps) in WORK.items() for pump in pumps]
)
def test_work_on_a_text_grows_with_its_length(name: str, pump: str) -> None:
    # What another program takes of the machine meanwhile is not the work's fault.
    assert any(_grows_as_the_text(WORK[name][0], pump) for _ in range(TRIES))


def _grows_as_the_text(work: Callable[[str], object], pump: str) -> bool:
    short, long = (_least(work, pump * (size // len(pump))) for size in (LENGTH, LENGTH * TIMES))
    is_measurable = long > MEASURABLE_TIMES_LINEAR * linear_seconds(LENGTH * TIMES)
    return not is_measurable or long < MOST_GROWTH * short


def _least(work: Callable[[str], object], text: str) -> float:
    taken = []
    gc.disable()
    try:
        for _ in range(2):
            began = time.perf_counter()
            work(text)
            taken.append(time.perf_counter() - began)
    finally:
        gc.enable()
    return min(taken)
