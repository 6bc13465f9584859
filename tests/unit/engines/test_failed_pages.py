"""How many failed pages are too many, and what stands in for the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.contracts.documents import ParsedPage, ParseOptions
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.contracts.http.parse_output import FailPageMode
from sheaf.engines.pdf.failed_pages import with_failed_pages


@given(
    total=st.integers(1, 40),
    data=st.data(),
    tolerance=st.floats(0, 1),
    mode=st.sampled_from(FailPageMode),
)
def test_every_wanted_page_is_there_or_the_share_of_failed_ones_is_too_large(
    total: int, data: st.DataObject, tolerance: float, mode: FailPageMode
) -> None:
    wanted = list(range(1, total + 1))
    read = data.draw(st.sets(st.sampled_from(wanted)))
    rescued = data.draw(st.sets(st.sampled_from(wanted)))
    pages = {number: ParsedPage(page=number, text="t", md="t") for number in read}
    options = ParseOptions(page_error_tolerance=tolerance, failed_page=mode)
    raw = dict.fromkeys(rescued, "raw")
    saved = rescued if mode is FailPageMode.RAW_TEXT else set()
    failed = set(wanted) - read - saved
    if len(failed) > tolerance * total:
        with pytest.raises(DocumentError) as raised:
            with_failed_pages(pages, wanted, {}, options, lambda: raw)
        assert raised.value.kind is FailureKind.CORRUPT
        return
    found, _ = with_failed_pages(pages, wanted, {}, options, lambda: raw)
    assert [page.page for page in found] == wanted
    assert {page.page for page in found if page.error} == failed
    assert all(page.text == "t" for page in found if page.page in read)


def test_raw_text_is_read_only_where_a_page_is_missing() -> None:
    def never() -> dict[int, str]:
        raise AssertionError

    page = ParsedPage(page=1, text="t", md="t")
    assert with_failed_pages({1: page}, [1], {}, ParseOptions(), never) == ([page], [])
