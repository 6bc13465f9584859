"""Deletions and notes of RTF, which xberg shows as text and without a place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.engines.office.rtf_changes import as_accepted
from tests.unit.engines.conftest import Parse
from tests.unit.engines.word_samples import md_of


@pytest.mark.parametrize(
    ("body", "md"),
    [
        (r"Keep {\deleted gone }this.", "Keep this."),
        (r"a{\deleted gone{\b too}\par x} b", "a b"),
        (r"\deleted gone\deleted0 kept", "kept"),
        (r"\deleted\u26481?z\'e9\tab\plain kept", "kept"),
        (r"{\revised new} text", "new text"),
        (
            r"One{\super\chftn{\footnote\pard\plain\chftn  first}} two.",
            "One[^1] two.\n\n[^1]: first",
        ),
        (
            r"One{\footnote first} two{\footnote\ftnalt second}.",
            "One[^1] two[^2].\n\n[^1]: first\n\n[^2]: second",
        ),
        (r"One{\super \chftn}{\*\footnote\chftn first}.", "One[^1].\n\n[^1]: first"),
        (r"One{\deleted {\footnote gone}} two", "One two"),
    ],
)
async def test_text_is_read_as_if_changes_were_accepted(parse: Parse, body: str, md: str) -> None:
    assert await md_of(parse, rf"{{\rtf1\ansi {body}\par}}".encode(), "a.rtf") == md


def test_raw_bytes_of_pictures_are_no_text() -> None:
    data = rb"{\rtf1{\pict\bin6 }{\par} a{\deleted b}}"
    assert as_accepted(data) == rb"{\rtf1{\pict} a{\deleted }}"


@given(st.binary(max_size=200))
def test_what_has_no_changes_stays_as_it_is(data: bytes) -> None:
    if not any(word in data for word in (b"\\deleted", b"\\footnote", b"\\bin")):
        assert as_accepted(data) == data


@given(st.lists(st.sampled_from([b"{", b"}", b"\\", b"\\b ", b"words", b"\\'e9", b"\n"])))
def test_what_is_not_deleted_stays_whole(parts: list[bytes]) -> None:
    data = b"".join(parts)
    tail = rb"{\deleted}"
    if not data.endswith(b"\\"):
        assert as_accepted(data + tail) == data + tail
