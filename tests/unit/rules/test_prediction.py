"""What a file is predicted to take, and how what was measured corrects it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.contracts.temporal.page_runs import PageEnded
from sheaf.contracts.temporal.runs import BatchInput, Spent
from sheaf.rules.scheduling.batch_state import BatchState
from sheaf.rules.scheduling.prediction import kind_of, predicted_seconds

NAMES = st.sampled_from(["a.pdf", "b.PNG", "c.docx", "none", ".pdf", "d.tar.gz"])


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.PDF", "pdf"), ("b.jpeg", "image"), ("c.docx", "other"), ("pdf", "pdf"), ("", "other")],
)
def test_a_kind_is_told_by_the_extension(name: str, kind: str) -> None:
    assert kind_of(name) == kind


@given(
    name=NAMES, size=st.integers(min_value=0, max_value=2**40), speed_factor=st.floats(0.01, 1000)
)
def test_a_prediction_grows_with_the_size_and_the_pace(
    name: str, size: int, speed_factor: float
) -> None:
    seconds = predicted_seconds(name, size)
    assert seconds > 0
    assert predicted_seconds(name, size + 1024**2) > seconds
    paced = predicted_seconds(name, size, {kind_of(name): speed_factor})
    assert paced == pytest.approx(seconds * speed_factor)
    assert predicted_seconds(name, size, {"another": speed_factor}) == seconds


def test_each_kind_has_a_pace_of_its_own_that_pages_correct() -> None:
    state = BatchState(BatchInput(job_id="j", page_files=10, threshold=10, high_water_mark=20))
    first = state.scheduler.start("one", state.scheduler.next_range())
    assert first
    spent = {"pdf": Spent(predicted=1.0, seconds=3.0), "other": Spent(predicted=2.0, seconds=1.0)}
    state.ended(PageEnded(page_id="one", spent=spent))
    assert state.speed_factors == {"pdf": 2.0, "other": 0.75}
    state.ended(PageEnded(page_id="one", spent=spent))
    assert state.speed_factors == {"pdf": 2.0, "other": 0.75}, "a page that ended twice counts once"
    assert state.carried().speed_factors == state.speed_factors
