"""Which words of a rule occur in a document: the evidence that embeddings blur.

A rule's weight is spread over its words by how few of the call's rules share them, so that a word
of every description decides nothing. No other corpus is consulted: rules are all there is.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sheaf.contracts.documents import ClassifierRule

MAX_KEYWORD_CHARACTERS = 4_000
"""Characters of a document searched for words, about its first page; from the survey's recipe."""

_WORD = re.compile(r"[^\W\d_]{2,40}")
_SUFFIXES = ("ations", "ation", "ings", "ing", "ies", "ied", "es", "ed", "s", "y", "e")
_MIN_STEM = 3
"""Letters that a stem keeps, so that `sing` and `used` stay themselves."""
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a about all an and any are as at be been by can each etc for from has have if in into is
        it its may more not of on or other our out over such than that the their them these they
        this to used using was were what when which who whose will with you your
        """,
    )
)


@dataclass(frozen=True, slots=True)
class RuleWords:
    """The telling words of one rule: stem to (the word as written, its weight)."""

    words: dict[str, tuple[str, float]]
    total: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """What of a rule's words was found."""

    share: float
    """Found weight over all weight, 0 to 1."""
    found: tuple[str, ...]
    """Words as the rule writes them, the most telling first."""


def stem(word: str) -> str:
    """Return a lower-case word without its usual English ending; crude, but the same for both."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _MIN_STEM:
            return word[: -len(suffix)]
    return word


def content_words(text: str) -> list[str]:
    """Return the words of a text in lower case, repeated as they occur, without function words."""
    return [word for word in _WORD.findall(text.lower()) if word not in _FUNCTION_WORDS]


def stems(text: str) -> dict[str, str]:
    """Return the stems of a text's words in order of appearance, each with its first word."""
    found: dict[str, str] = {}
    for word in content_words(text):
        found.setdefault(stem(word), word)
    return found


def weigh_words(rules: Sequence[ClassifierRule]) -> tuple[RuleWords, ...]:
    """Return each rule's words with weights log(1 + rules / rules that have the word)."""
    vocabularies = [stems(f"{rule.type.replace('_', ' ')} {rule.description}") for rule in rules]
    shared = Counter(key for vocabulary in vocabularies for key in vocabulary)
    weighed: list[RuleWords] = []
    for vocabulary in vocabularies:
        words = {
            key: (word, math.log1p(len(rules) / shared[key])) for key, word in vocabulary.items()
        }
        weighed.append(RuleWords(words, sum(weight for _, weight in words.values())))
    return tuple(weighed)


def overlap(rule: RuleWords, document_stems: dict[str, str]) -> Overlap:
    """Return the share of a rule's words that a document has; 0 for a rule without words."""
    hits = [entry for key, entry in rule.words.items() if key in document_stems]
    if not hits:
        return Overlap(0.0, ())
    # Stable sort: words of one weight stay in the order of the rule.
    hits.sort(key=lambda entry: -entry[1])
    share = sum(weight for _, weight in hits) / rule.total
    return Overlap(share, tuple(word for word, _ in hits))
