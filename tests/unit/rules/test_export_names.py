"""Where results of files with any name go."""

from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sheaf.rules.export_names import MAX_PART_BYTES, folded, part_of, place_of

PARTS = st.one_of(
    st.sampled_from(["", ".", "..", "a", "a.md", "a.images", "A", "y.txt", "y.txt.md", "-rf", " "]),
    st.text(st.characters(exclude_characters="/"), max_size=20),
    st.text(st.sampled_from("aé😀"), min_size=80, max_size=300),
)
KEYS = st.lists(PARTS, min_size=1, max_size=5).map("/".join)


def places(key: str) -> tuple[str, str]:
    place = place_of(key)
    return place.markdown, place.images


@given(KEYS)
@example("/etc/passwd")
@example("../../x")
@example("")
@example("..")
@example("\x1b[31m\n\0")
def test_a_place_is_within_the_folder_and_no_part_is_too_long(key: str) -> None:
    for place in places(key):
        parts = place.split("/")
        assert not {"", ".", ".."} & set(parts)
        assert all(len(part.encode()) <= MAX_PART_BYTES for part in parts)
        assert not any(ord(one) < 32 or one == "\x7f" for one in place)


@given(st.sets(KEYS, min_size=2, max_size=30))
@example({"q.txt", "../q.txt", "./q.txt", "/q.txt", "q.txt/"})
@example({"y.txt", "y.txt.md/z", "y.txt.images/z"})
@example({"a" * 251, "a" * 252, "a" * 300, "a" * 300 + "b"})
@example({"a\n", "a_", "a\t"})
def test_no_two_keys_share_a_place_and_none_is_a_folder_of_another(keys: set[str]) -> None:
    taken = [place for key in keys for place in places(key)]
    assert len(set(taken)) == 2 * len(keys)
    folders = {str(above) for place in taken for above in PurePosixPath(place).parents}
    assert folders.isdisjoint(taken)


@given(st.sets(KEYS, min_size=2, max_size=10))
def test_a_place_that_was_taken_as_a_key_is_not_taken_twice(keys: set[str]) -> None:
    again = {place_of(key).markdown.removesuffix(".md") for key in keys} | keys
    assert len({place_of(key).markdown for key in again}) == len(again)


@given(st.sets(PARTS | KEYS, min_size=2, max_size=30))
def test_names_that_are_one_part_stay_one_and_apart(names: set[str]) -> None:
    parts = {part_of(name) for name in names}
    assert len(parts) == len(names)
    assert not any("/" in part or part in {"", ".", ".."} for part in parts)


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("in/lease.pdf", "in/lease.pdf.md"),
        ("-rf", "-rf.md"),
        ("Vertrag (alt) [1].docx", "Vertrag (alt) [1].docx.md"),
        ("😀/ç.txt", "😀/ç.txt.md"),
        ("%/caf%E9.txt", "%/caf%E9.txt.md"),
    ],
)
def test_what_can_stay_as_it_is_does(key: str, place: str) -> None:
    assert place_of(key).markdown == place


def test_places_that_differ_by_case_or_composition_are_one_once_folded() -> None:
    assert folded("A/É.md") == folded("a/e\u0301.md")
    assert folded("a") != folded("b")
