"""The classifier's confidences are probabilities that separate right from wrong."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.engines.classification.calibration import FITTED, probabilities


@given(
    z=st.floats(-50, 50),
    margin=st.floats(0, 5),
)
def test_probabilities_of_the_classes_add_up_to_one(z: float, margin: float) -> None:
    for table in (FITTED.two, FITTED.many):
        assert sum(probabilities((z, margin), table)) == pytest.approx(1)
    assert sum(probabilities((z,), FITTED.one)) == pytest.approx(1)


@pytest.mark.parametrize("margin", [0.0, 0.1, 0.5])
def test_standing_out_more_never_makes_a_match_less_probable(margin: float) -> None:
    for values in ([(z / 2,) for z in range(20)], [(z / 2, margin) for z in range(20)]):
        tables = [FITTED.one] if len(values[0]) == 1 else [FITTED.two, FITTED.many]
        for table in tables:
            nulls = [probabilities(value, table)[0] for value in values]
            assert nulls == sorted(nulls, reverse=True)


@pytest.mark.corpus
def test_the_calibration_decides_better_than_always_answering() -> None:
    from bench.classify_quality import predict
    from bench.fit_classifier import case_of, held_out, load

    documents, rules = load(Path(os.environ["SHEAF_TEST_CLASSIFY"]))
    cases = [case for case in (case_of(row, rules[row.task]) for row in documents) if case]
    answers = predict(held_out(cases))
    forced = sum(case.best == case.document.label for case in cases)
    # 0.788 and 0.665 on 2026-11-24.
    assert sum(answer.is_right for answer in answers) > forced + 0.05 * len(cases)
