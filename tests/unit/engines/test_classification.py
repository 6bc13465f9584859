"""The classifier answers from evidence and admits when nothing matches."""

import logging
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheaf.contracts.documents import Classification, ClassifierRule
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.classification import embedding
from sheaf.engines.classification import engine as classification
from sheaf.engines.classification.engine import classify, examine
from sheaf.engines.classification.keywords import overlap, stems, weigh_words
from sheaf.engines.classification.passages import quote
from tests.unit.engines.classification_samples import (
    CONTRACT,
    CONTRACT_TEXT,
    INVOICE,
    INVOICE_TEXT,
    RECIPE,
    RULES,
    WHALES_TEXT,
)


def test_a_clear_document_gets_its_rule() -> None:
    assert classify(INVOICE_TEXT, RULES).type == "invoice"
    assert classify(CONTRACT_TEXT, RULES).type == "contract"


def test_the_answer_is_null_when_no_rule_matches() -> None:
    for rules in (RULES, (INVOICE, CONTRACT), (INVOICE,)):
        answer = classify(WHALES_TEXT, rules)
        assert answer.type is None
        assert answer.confidence >= 0.5


def test_one_rule_is_answered_when_it_fits() -> None:
    answer = classify(INVOICE_TEXT, [INVOICE])
    assert answer.type == "invoice"
    assert "ahead of" not in answer.reasoning


def test_of_two_rules_the_fitting_one_is_answered_in_either_order() -> None:
    assert classify(CONTRACT_TEXT, [INVOICE, CONTRACT]).type == "contract"
    assert classify(CONTRACT_TEXT, [CONTRACT, INVOICE]).type == "contract"


def test_the_order_of_the_rules_does_not_change_the_answer() -> None:
    forwards, backwards = classify(INVOICE_TEXT, RULES), classify(INVOICE_TEXT, RULES[::-1])
    assert (forwards.type, forwards.confidence) == (backwards.type, backwards.confidence)


def test_the_same_input_gives_the_same_answer_after_a_fresh_load() -> None:
    first = classify(INVOICE_TEXT, RULES)
    classification._rule_targets.cache_clear()
    classification._background.cache_clear()
    embedding._model.cache_clear()
    assert classify(INVOICE_TEXT, RULES) == first


def test_the_best_rule_is_known_even_when_the_answer_is_null() -> None:
    evidence = examine(WHALES_TEXT, RULES)
    assert evidence is not None
    assert not evidence.verdict().is_match
    assert evidence.best_rule in {rule.type for rule in RULES}
    assert [rule.score for rule in evidence.ranking] == sorted(
        (rule.score for rule in evidence.ranking), reverse=True
    )


def test_the_reasoning_names_scores_runner_up_passage_and_words() -> None:
    evidence = examine(INVOICE_TEXT, RULES)
    assert evidence is not None
    reasoning = classify(INVOICE_TEXT, RULES).reasoning
    best, runner_up = evidence.ranking[:2]
    assert f"invoice (score {best.score:.2f})" in reasoning
    assert f"ahead of {runner_up.type} ({runner_up.score:.2f})" in reasoning
    assert f'"{quote(evidence.passage)}"' in reasoning
    assert "Invoice number 2024-117" in reasoning
    assert "customer" in reasoning.rsplit("found:", 1)[1]


def test_the_quoted_passage_is_the_nearest_one_not_the_first() -> None:
    filler = "The tide rose over the sand and fell again, and gulls went after crabs. " * 12
    evidence = examine(f"{filler}\n{CONTRACT_TEXT}", [CONTRACT, RECIPE])
    assert evidence is not None
    assert evidence.best_rule == "contract"
    assert "Agreement" in evidence.passage


def test_capitals_do_not_change_the_ranking() -> None:
    plain, loud = examine(INVOICE_TEXT, RULES), examine(INVOICE_TEXT.upper(), RULES)
    assert plain is not None
    assert loud is not None
    assert [rule.score for rule in plain.ranking] == [rule.score for rule in loud.ranking]


@settings(max_examples=150, deadline=None)
@given(
    text=st.one_of(
        st.text(max_size=300),
        st.text(st.characters(), max_size=300),
        st.sampled_from(
            ["\ud800", "\udfff\x00", "\ufdfa" * 50, "\u202e", "é\u0301", "\U0001d518", "1"]
        ),
    ),
    count=st.integers(1, len(RULES)),
)
def test_confidence_is_a_probability_for_any_text(text: str, count: int) -> None:
    rules = RULES[:count]
    answer = classify(text, rules)
    assert 0 <= answer.confidence <= 1
    assert answer.type in {None, *(rule.type for rule in rules)}
    assert "\n" not in answer.reasoning
    assert Classification.model_validate_json(answer.model_dump_json()) == answer


def test_words_that_all_rules_share_weigh_least() -> None:
    words = weigh_words(
        [
            ClassifierRule(type="a", description="shared tulips"),
            ClassifierRule(type="b", description="shared engines"),
        ]
    )
    found = overlap(words[0], stems("Engines! Tulip; share"))
    assert found.found == ("tulips", "shared")
    assert overlap(words[0], stems("tulip")).share > overlap(words[0], stems("shares")).share
    assert overlap(words[0], stems("nothing")).share == 0


def test_no_rules_are_an_invalid_request() -> None:
    with pytest.raises(DocumentError, match="at least one rule") as caught:
        classify(INVOICE_TEXT, [])
    assert caught.value.kind is FailureKind.INVALID


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    classification._rule_targets.cache_clear()
    embedding._model.cache_clear()
    monkeypatch.setitem(sys.modules, "wordllama", None)
    with pytest.raises(DocumentError, match="wordllama") as caught:
        classify(INVOICE_TEXT, RULES)
    assert caught.value.kind is FailureKind.UNSUPPORTED


def test_loading_the_model_leaves_the_root_logger_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    level = root.level
    for name in [name for name in sys.modules if name.split(".")[0] == "wordllama"]:
        # Compiled parts cannot be imported twice in a process; the basicConfig calls are in these.
        if name in {"wordllama", "wordllama.wordllama", "wordllama.inference"}:
            monkeypatch.delitem(sys.modules, name)
    embedding._model.cache_clear()
    embedding._model()
    assert root.handlers == []
    assert root.level == level
