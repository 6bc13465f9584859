"""The classifier reads any text, within bounds of time and size."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.engines.classification import embedding
from sheaf.engines.classification import engine as classification
from sheaf.engines.classification.engine import classify
from sheaf.engines.classification.passages import (
    MAX_CHARACTERS,
    MAX_PASSAGES,
    PASSAGE_CHARACTERS,
    QUOTE_CHARACTERS,
    clean,
    passages,
    quote,
    split,
)
from tests.unit.engines.classification_samples import INVOICE_TEXT, RULES, WHALES_TEXT


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


def test_only_a_bounded_number_of_passages_is_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    classify(INVOICE_TEXT, RULES)
    embedded: list[str] = []
    real = embedding.embed

    def count(text: str) -> embedding.Vector:
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
