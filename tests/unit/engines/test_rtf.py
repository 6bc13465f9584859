"""Letters of RTF: signs, escapes beyond 16 bits, and their fallbacks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.engines.office.rtf import MOST_LETTERS, prepared, restored
from tests.unit.engines.conftest import Parse
from tests.unit.engines.word_samples import md_of


def rtf(body: str) -> bytes:
    return rf"{{\rtf1\ansi\ansicpg1252\deff0{{\fonttbl{{\f0 Arial;}}}}\f0 {body}\par}}".encode()


def escaped(letter: str, fallback: str = "?") -> str:
    units = letter.encode("utf-16-le")
    codes = [int.from_bytes(units[at : at + 2], "little", signed=True) for at in (0, 2)]
    return "".join(rf"\u{code}{fallback}" for code in codes)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"5\~000\~EUR", "5\u00a0000\u00a0EUR"),
        (r"non\_breaking", "non\u2011breaking"),
        (r"opt\-ional", "optional"),
        (r"\uc0 5\~000", "5\u00a0000"),
        (r"a \\~ b", r"a \\\~ b"),
        (f"smile {escaped('😀')} end", "smile 😀 end"),
        (f"{escaped('😀')}{escaped('🦜')}{escaped('😀')}", "😀🦜😀"),
        (rf"\uc2 {escaped('𝄞', '??')}x", "𝄞x"),
        (rf"old {escaped('𠮷', chr(92) + chr(39) + '3f')} way", "old 𠮷 way"),
        (r"{\b " + escaped("😀") + "}", "**😀**"),
    ],
)
async def test_letters_are_those_that_a_reader_sees(parse: Parse, body: str, text: str) -> None:
    assert await md_of(parse, rtf(body), "a.rtf") == text


@given(st.text(st.characters(min_codepoint=0x10000, exclude_categories=("Cs",)), max_size=40))
def test_every_letter_beyond_16_bits_comes_back(text: str) -> None:
    data, letters = prepared("".join(map(escaped, text)).encode())
    assert len(letters) == len(text) <= MOST_LETTERS
    stood = "".join(letters)
    assert restored(stood, letters) == text
    assert prepared(data)[1] == {}


@given(st.binary(max_size=200))
def test_what_has_none_of_these_letters_stays_as_it_is(data: bytes) -> None:
    if not any(sign in data for sign in (b"\\~", b"\\_", b"\\-", b"\\u")):
        assert prepared(data) == (data, {})


def test_a_document_with_raw_bytes_is_left_alone() -> None:
    data = rb"{\rtf1 {\pict\bin4 \~\_} a\~b}"
    assert prepared(data) == (data, {})
