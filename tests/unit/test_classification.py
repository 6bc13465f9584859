"""The classifier answers from evidence, admits when nothing matches, and stays within bounds."""

import logging
import os
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.documents import Classification, ClassifierRule
from models.failures import DocumentError, FailureKind
from services.engines import classification, classification_embedding
from services.engines.classification import classify, examine
from services.engines.classification_calibration import FITTED, probabilities
from services.engines.classification_keywords import overlap, stems, weigh_words
from services.engines.classification_text import (
    MAX_CHARACTERS,
    MAX_PASSAGES,
    PASSAGE_CHARACTERS,
    QUOTE_CHARACTERS,
    clean,
    passages,
    quote,
    split,
)

INVOICE = ClassifierRule(
    type="invoice",
    description="A bill to a customer with invoice number, items, unit prices and amount due",
)
CONTRACT = ClassifierRule(
    type="contract",
    description="A legal agreement between parties with terms, obligations and signatures",
)
RESUME = ClassifierRule(
    type="resume",
    description="A person's curriculum vitae: education, work experience, skills and employers",
)
RECIPE = ClassifierRule(
    type="cooking_recipe",
    description="A recipe with ingredients, quantities, oven temperature and steps of cooking",
)
RULES = (INVOICE, CONTRACT, RESUME, RECIPE)

INVOICE_TEXT = """Invoice number 2024-117
Bill to: Hartmann Tools, 12 Mill Lane
Item: hex bolts M8, quantity 400, unit price 0.12, amount 48.00
Item: washers, quantity 400, unit price 0.03, amount 12.00
Subtotal 60.00
Tax 12.00
Total amount due by the customer: 72.00, payable within 30 days
"""
CONTRACT_TEXT = """This Agreement is entered into by and between the parties named below.
The Supplier shall perform the obligations set out in section 2. Either party may terminate
this Agreement by written notice. The terms are governed by the laws of Denmark. In witness
whereof the parties have affixed their signatures."""
WHALES_TEXT = """The humpback whale sings for hours in the warm waters of its breeding grounds.
Calves are born in winter, drink some 400 litres of milk a day and follow their mothers to the
krill of the polar seas in spring. Their flukes are as individual as fingerprints."""


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
    classification_embedding._model.cache_clear()
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


def test_a_text_without_words_has_no_class_and_no_confidence() -> None:
    for text in ("", "  \n\t ", "--- | *** ~~~", "\x00"):
        answer = classify(text, RULES)
        assert (answer.type, answer.confidence) == (None, 0.0)
        assert "no readable text" in answer.reasoning


def test_markdown_noise_is_ignored() -> None:
    lines = INVOICE_TEXT.strip().splitlines()
    noisy = "\n\n".join(
        [
            f"# **{lines[0]}**",
            "---",
            f"> [{lines[1]}](https://example.org/a?b=c)",
            "| | |",
            "|---|:-:|",
            *(f"| {line} |" for line in lines[2:4]),
            "<!-- page 1 -->",
            *(f"* _{line}_" for line in lines[4:]),
        ]
    )
    assert clean(noisy) == clean(INVOICE_TEXT)
    assert classify(noisy, RULES) == classify(INVOICE_TEXT, RULES)


def test_control_characters_never_reach_the_reasoning() -> None:
    answer = classify("Invoice\x00number\x1b[31m 7\x07, amount due", RULES)
    assert all(character.isprintable() for character in answer.reasoning)


def test_half_a_surrogate_pair_among_words_is_harmless() -> None:
    answer = classify("Invoice \ud800 number 7, amount due \udfff by the customer", RULES)
    assert "Invoice ? number" in answer.reasoning


def test_names_with_underscores_survive_cleaning() -> None:
    assert clean("set `max_page_size` to __5__") == "set max_page_size to 5"


def test_capitals_do_not_change_the_ranking() -> None:
    plain, loud = examine(INVOICE_TEXT, RULES), examine(INVOICE_TEXT.upper(), RULES)
    assert plain is not None
    assert loud is not None
    assert [rule.score for rule in plain.ranking] == [rule.score for rule in loud.ranking]


def test_only_a_bounded_number_of_passages_is_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    classify(INVOICE_TEXT, RULES)
    embedded: list[str] = []
    real = classification_embedding.embed

    def count(text: str) -> classification_embedding.Vector:
        embedded.append(text)
        return real(text)

    monkeypatch.setattr(classification, "embed", count)
    classify(INVOICE_TEXT * 20_000, RULES)
    assert len(embedded) == MAX_PASSAGES
    assert max(map(len, embedded)) <= PASSAGE_CHARACTERS


@pytest.mark.parametrize(
    "unit", ["word ", "<a", "[x", "[](", "_", "*_", "\n#", "a\u0300", "\ufdfa", "|", ". "]
)
def test_a_long_or_hostile_text_costs_bounded_time(unit: str) -> None:
    classify(INVOICE_TEXT, RULES)
    started = time.process_time()
    classify(unit * 2_000_000, RULES)
    # About 0.1 s when alone; a quadratic step over 60,000 characters would take minutes.
    assert time.process_time() - started < 5


def test_text_beyond_the_bound_is_not_looked_at() -> None:
    start = (WHALES_TEXT + "\n") * (MAX_CHARACTERS // len(WHALES_TEXT) + 1)
    assert classify(start + INVOICE_TEXT, RULES) == classify(start, RULES)


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


@given(st.text(max_size=5_000))
def test_passages_keep_to_their_size_and_chunks_lose_no_word(text: str) -> None:
    cleaned = clean(text)
    assert len(passages(cleaned)) <= MAX_PASSAGES
    assert all(0 < len(chunk) <= PASSAGE_CHARACTERS for chunk in split(cleaned))
    assert "".join("".join(split(cleaned)).split()) == "".join(cleaned.split())


@given(st.text(max_size=1_000))
def test_a_quotation_is_one_short_line(text: str) -> None:
    quoted = quote(text)
    assert len(quoted) <= QUOTE_CHARACTERS
    assert len(quoted.splitlines()) <= 1


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
    classification_embedding._model.cache_clear()
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
    classification_embedding._model.cache_clear()
    classification_embedding._model()
    assert root.handlers == []
    assert root.level == level


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
