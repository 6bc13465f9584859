"""Which way up a picture of text stands, by how well it can be read.

Tesseract goes on reading when a page lies on its side or its head: what it makes of it are few
letters of low confidence, or words in order whose letters stand above each other. So a picture that
reads badly is turned and read again, and the reading with the most letters in upright words wins.
Unlike the orientation data of Tesseract (`osd`), which wants some fifty letters, this needs no data
and tells apart a receipt of one line.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

MIN_CONFIDENCE = 0.88
"""Below it, a reading may be of a picture that lies wrong: upside-down text has up to .82, and
clean upright text .93 and more (liteparse 2.18.0, 150 dpi)."""
LONG = 300
LONG_CONFIDENCE = 0.75
"""The same for so many letters: whole pages that lie wrong read with .6 at most."""
MAX_STACKED = 0.5
MIN_WORD = 3
"""Letters of a word whose shape tells how it lies."""


@dataclass(frozen=True)
class Legibility:
    """How well a picture could be read as it lies."""

    letters: float = 0.0
    """Letters in words that lie along the line, each counted by its confidence."""
    confidence: float = 1.0
    """Mean of all letters."""
    stacked: float = 0.0
    """Share of letters in words that are higher than wide."""
    total: int = 0

    @property
    def is_good(self) -> bool:
        """Whether there is no reason to turn the picture."""
        if not self.total:
            return True
        least = LONG_CONFIDENCE if self.total >= LONG else MIN_CONFIDENCE
        return self.confidence >= least and self.stacked < MAX_STACKED

    @property
    def lies_on_its_side(self) -> bool:
        """Whether the words are read, but lie on their side."""
        return self.confidence >= MIN_CONFIDENCE and self.stacked >= MAX_STACKED


def legibility(items: Iterable[Any]) -> Legibility:
    """Return how well the words of a page were read; those that OCR did not read are left out."""
    total, sure, good, long, stacked = 0, 0.0, 0.0, 0, 0
    for item in items:
        if item.confidence is None:
            continue
        letters = sum(map(str.isalnum, item.text))
        total += letters
        sure += letters * item.confidence
        is_stacked = letters >= MIN_WORD and item.height > item.width
        if letters >= MIN_WORD:
            long += letters
            stacked += letters * is_stacked
        good += 0 if is_stacked else letters * item.confidence
    return Legibility(
        letters=good,
        confidence=sure / total if total else 1.0,
        stacked=stacked / long if long else 0.0,
        total=total,
    )


def read_upright(read: Callable[[int], Any], first: Any | None = None) -> tuple[Any, int]:
    """Return the best reading of a picture, and by how many degrees it lies clockwise.

    Args:
        read: reads the picture turned counterclockwise by 0, 90, 180 or 270 degrees; the answer has
            `text_items`.
        first: the reading of the picture as it is, where there is one.
    """
    best = read(0) if first is None else first
    found = legibility(best.text_items)
    if found.is_good:
        return best, 0
    turn, untried = 0, [180, 90, 270]
    if found.lies_on_its_side:
        untried = [90, 270, 180]
    while untried:
        at = untried.pop(0)
        reading = read(at)
        here = legibility(reading.text_items)
        if here.letters > found.letters:
            best, turn, found = reading, at, here
        if here.is_good and turn == at:
            break
        following = (at + 90) % 360
        if here.lies_on_its_side and following in untried:
            untried.remove(following)
            untried.insert(0, following)
    return best, turn
