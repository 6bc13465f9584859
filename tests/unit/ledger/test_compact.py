"""Ids and hashes as bytes: every text comes back, and no two texts are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.contracts.ids import new_file_id, new_task_id
from sheaf.ledger.column_types import Compact, key, sha256, task_key

KINDS = [key("dfl"), task_key(), sha256()]
NEARLY = st.text(alphabet="0123456789abcdefABCDEF- dfl", max_size=70)


@pytest.mark.parametrize("kind", KINDS, ids=["key", "task", "hash"])
@given(value=st.one_of(st.text(), NEARLY))
def test_any_text_comes_back(kind: Compact, value: str) -> None:
    assert kind.unpack(kind.pack(value)) == value


@pytest.mark.parametrize("kind", KINDS, ids=["key", "task", "hash"])
@given(one=NEARLY, other=NEARLY)
def test_no_two_texts_are_the_same_bytes(kind: Compact, one: str, other: str) -> None:
    assert (kind.pack(one) == kind.pack(other)) == (one == other)


def test_what_is_of_the_form_takes_as_many_bytes_as_it_has_pairs_of_digits() -> None:
    for kind, value, size in (
        (KINDS[0], new_file_id(), 16),
        (KINDS[1], new_task_id(), 16),
        (KINDS[2], "0a" * 32, 32),
    ):
        packed = kind.pack(value)
        assert packed is not None
        assert len(packed) == size
        assert kind.unpack(packed) == value
    assert KINDS[0].pack(None) is None
    assert KINDS[0].unpack(None) is None


@pytest.mark.parametrize(
    "value", ["\ud800", f"dfl-{'A' * 32}", f"dfl_{'0' * 32}", f"bjb-{'0' * 32}", f"dfl-{'0' * 31} "]
)
def test_another_spelling_of_an_id_is_not_the_id(value: str) -> None:
    packed = KINDS[0].pack(value)
    assert packed is not None
    assert len(packed) != 16
    assert KINDS[0].unpack(packed) == value


def test_ids_sort_as_their_bytes_do() -> None:
    ids = [new_file_id() for _ in range(50)]
    assert sorted(ids, key=KINDS[0].pack) == sorted(ids)  # type: ignore[arg-type, return-value]
