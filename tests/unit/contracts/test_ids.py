from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from sheaf.contracts import ids

times_ns = st.integers(0, (1 << 48) * 1_000_000 - 1)


@given(now_ns=times_ns)
def test_a_uuid_has_the_version_the_variant_and_the_time_of_the_rfc(now_ns: int) -> None:
    made = ids.uuid7(now_ns)
    assert (made.version, made.variant) == (7, UUID(int=1 << 63).variant)
    assert made.int >> 80 == now_ns // 1_000_000


@given(first=times_ns, second=times_ns)
def test_ids_sort_by_the_time_they_were_made_at(first: int, second: int) -> None:
    earlier, later = sorted((first, second))
    if later - earlier > 300:  # ns; finer than that is random
        assert ids.new_id("bjb", earlier) < ids.new_id("bjb", later)


def test_ids_made_at_one_time_differ() -> None:
    assert len({ids.new_id("dfl", 1) for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (ids.new_job_id, ids.JobId),
        (ids.new_directory_id, ids.DirectoryId),
        (ids.new_file_id, ids.FileId),
        (ids.new_task_id, ids.TaskId),
    ],
)
def test_an_id_is_of_its_own_kind_and_no_other(make: Callable[[], str], kind: type[str]) -> None:
    made = make()
    assert TypeAdapter(kind).validate_python(made) == made
    for other in {ids.JobId, ids.DirectoryId, ids.FileId, ids.TaskId} - {kind}:
        with pytest.raises(ValidationError):
            TypeAdapter(other).validate_python(made)


@pytest.mark.parametrize("text", ["bjb-", "bjb-SHOUT" * 5, "bjb-" + "a" * 41, "x/bjb-" + "a" * 32])
def test_what_is_no_job_id_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(ids.JobId).validate_python(text)


@pytest.mark.parametrize(
    ("make", "kind"), [(ids.new_file_ids, ids.FileId), (ids.new_task_ids, ids.TaskId)]
)
def test_ids_made_together_differ_and_are_of_their_kind(
    make: Callable[[int], list[str]], kind: type[str]
) -> None:
    assert make(0) == []
    made = make(1000)
    assert len(set(made)) == 1000
    for one in made:
        assert TypeAdapter(kind).validate_python(one) == one
    assert [one[:20] for one in made] == sorted(one[:20] for one in made)


def test_a_task_id_is_a_bare_uuid() -> None:
    assert UUID(ids.new_task_id()).version == 7


def test_workflow_ids_tell_the_job_the_page_and_the_generation() -> None:
    assert ids.batch_workflow_id("bjb-1") == "bjb-1"
    assert ids.page_workflow_id("bjb-1", 101) == "bjb-1/page/000101"
    assert ids.page_workflow_id("bjb-1", 101, 2) == "bjb-1/page/000101/2"
    assert ids.enumeration_workflow_id("bjb-1") == "bjb-1/enumeration"
    assert ids.enumeration_workflow_id("bjb-1", 3) == "bjb-1/enumeration/3"


pages = st.tuples(st.integers(1, 10**9), st.integers(1, 100))


@given(one=pages, other=pages)
def test_two_pages_share_a_workflow_id_only_when_they_are_the_same(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    same = ids.page_workflow_id("bjb-1", *one) == ids.page_workflow_id("bjb-1", *other)
    assert same == (one == other)


@pytest.mark.parametrize(("ordinal", "generation"), [(0, 1), (1, 0)])
def test_ordinals_and_generations_count_from_one(ordinal: int, generation: int) -> None:
    with pytest.raises(ValueError, match=r"is 0\. Count from 1"):
        ids.page_workflow_id("bjb-1", ordinal, generation)
