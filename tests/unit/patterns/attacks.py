"""Texts on which a pattern would take longest, made from the pattern itself.

For every repeat of it: what stands before, the repeated part over and over, in each of its ways,
and an end that does not match. Besides, what begins a match, over and over.
"""

import importlib
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

PARSER: Any = importlib.import_module("re._parser")
COMPILER: Any = importlib.import_module("re._compiler")

USUAL = "a0 \n\\-_.|<>()[]{}*`!/:=\"'#&\tZ\u00e9\x00"
REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
TAILS = ("", "\x00", "!\n")
MOST_WAYS = 12
"""Ways in which one repeated part is written."""


@dataclass(frozen=True)
class Attack:
    """A text of any length: a head, a pump as often as there is room, a tail."""

    head: str
    pump: str
    tail: str

    def text(self, length: int) -> str:
        """Return about so many characters."""
        return self.head + self.pump * max(1, length // len(self.pump)) + self.tail


def attacks_on(pattern: str | bytes, flags: int) -> list[Attack]:
    """Return the attacks on a pattern, each once."""
    return list(dict.fromkeys(one for one in _Writer(pattern, flags).attacks() if one.pump))


class _Writer:
    """Writes texts that a pattern, or a part of it, matches."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self._tree = PARSER.parse(pattern, flags)
        self._is_bytes = isinstance(pattern, bytes)
        own = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
        letters = [letter for letter in own if letter not in "^$?"]
        self._letters = list(dict.fromkeys([*letters, *USUAL]))

    def attacks(self) -> Iterator[Attack]:
        """Yield every attack."""
        whole = self._ways(self._tree)
        for text in whole:
            for cut in {len(text), max(1, len(text) - 1), max(1, len(text) // 2)}:
                yield from (Attack("", text[:cut], tail) for tail in TAILS)
        yield from (Attack("", letter, "") for letter in self._letters if self._may_stand(letter))
        for before, body in self._repeats(self._tree, [""]):
            ways = self._ways(body)
            pairs = ["".join(pair) for pair in itertools.permutations(ways[:4], 2)]
            for head in before:
                yield from (Attack("", head, tail) for tail in TAILS)
                for pump in [*ways, *pairs]:
                    yield from (Attack(head, pump, tail) for tail in TAILS)
                    yield Attack("", head + pump, "")

    def _may_stand(self, letter: str) -> bool:
        return not self._is_bytes or ord(letter) < 256

    def _repeats(
        self, items: Iterable[Any], before: list[str]
    ) -> Iterator[tuple[list[str], Sequence[Any]]]:
        """Yield each repeated part with what may stand before it."""
        heads = before
        for item in items:
            name, value = str(item[0]), item[1]
            for inner in _inner(name, value):
                yield from self._repeats(inner, heads)
            if name in REPEATS:
                yield heads, value[2]
            ways = self._ways([item])[:2]
            heads = list(dict.fromkeys(head + way for head in heads for way in ways))[:4]

    def _ways(self, items: Iterable[Any]) -> list[str]:
        """Return some of the texts that a sequence matches, the most different first."""
        parts = [self._item(item) for item in items]
        longest = max(map(len, parts), default=0)
        written = [
            "".join(part[turn % len(part)] for part in parts if part)
            for turn in range(min(longest, MOST_WAYS))
        ]
        # One part at a time in each of its ways, the others in their first.
        for at, part in enumerate(parts):
            start, end = (
                "".join(other[0] for other in some if other)
                for some in (parts[:at], parts[at + 1 :])
            )
            written += [f"{start}{way}{end}" for way in part]
        return list(dict.fromkeys(written))[:MOST_WAYS] or [""]

    def _item(self, item: Any) -> list[str]:
        name, value = str(item[0]), item[1]
        if name in REPEATS:
            low, ways = value[0], self._ways(value[2])
            least = [way * low for way in ways] if low else ["", *ways]
            return [*least, *(way * (low + 1) for way in ways if value[1] > low)]
        if name == "BRANCH":
            return [way for branch in value[1] for way in self._ways(branch)[:4]]
        if name in {"SUBPATTERN", "ATOMIC_GROUP"}:
            return self._ways(value[-1] if name == "SUBPATTERN" else value)
        if name in {"LITERAL", "NOT_LITERAL", "ANY", "IN"}:
            return self._letters_of(item)
        return [""]

    def _letters_of(self, item: Any) -> list[str]:
        """Return characters that one item matches, those of the pattern first."""
        only = COMPILER.compile(PARSER.SubPattern(self._tree.state, [item]), self._tree.state.flags)
        fits = only.fullmatch
        coded = [
            letter
            for letter in self._letters
            if self._may_stand(letter)
            and fits(letter.encode("latin-1") if self._is_bytes else letter)
        ]
        if not coded and str(item[0]) == "LITERAL":
            return [chr(item[1])]
        return coded[:8] or [""]


def _inner(name: str, value: Any) -> list[Any]:
    if name in REPEATS:
        return [value[2]]
    if name == "BRANCH":
        return list(value[1])
    if name in {"SUBPATTERN", "ASSERT", "ASSERT_NOT"}:
        return [value[-1]]
    return [value] if name == "ATOMIC_GROUP" else []


def as_written(text: str, pattern: "re.Pattern[Any]") -> Any:
    """Return a text as what a pattern is looked for in."""
    return text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text
