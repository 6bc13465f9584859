"""What a page shows beside its text, as the first reading of it tells at no cost."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sheaf.contracts.documents import ParsedPage

LONGEST = 3000.0
"""Points of a side: beyond, liteparse parts words at gaps that are none."""
TURNED_SHARE = 0.6
"""Of the letters of a page, from which on the page is turned."""
SPARSE = 400
"""Characters: a page with fewer may be a scan with a stamp, an envelope id or a header over it."""
PICTURED = 0.1
"""Share of a page that pictures cover at least, for them to be read."""
RATIO = 4.0
"""How many times the area of the text pictures cover at least, for them to be read. Figures of
reports reach about 2."""
UNMAPPED = 0.3
"""Share of letters without a meaning outside of their font, from which on a text is unreadable."""
COMMON = "etaoinsr"
MIN_COMMON = 0.35
"""Share that these have of the letters of a language in Latin script: from .45 up to .7, and by
chance .3: so a page that has fewer may be one whose font maps its letters to wrong ones."""
MIN_LETTERS = 100
SAMPLE = 1500
"""Characters that are looked at: of every page."""
MAX_CODES = 0.03
"""Share of a text that may be codes of control."""
_LATIN = re.compile("[a-z]")
_UNMAPPED = re.compile("[\ufffd\ue000-\uf8ff]")
_CODE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_DRAWN = frozenset({"freetext", "stamp"})
_SILENT = frozenset({"link", "widget", "popup", "watermark", "fileattachment"})


@dataclass(frozen=True)
class Note:
    """What somebody wrote at a place of a page."""

    author: str
    text: str


@dataclass(frozen=True)
class Look:
    """What is known of a page after its first reading."""

    pictures: float = 0.0
    written: float = 0.0
    """Shares of the page that pictures and blocks of text cover."""
    turn: int = 0
    """Degrees clockwise by which the page is to be turned for its words to stand upright."""
    is_drawn_over: bool = False
    """Whether a viewer draws text over the page, or boxes to tick."""
    notes: tuple[Note, ...] = ()
    has_files: bool = False
    """Whether files are attached to places of the page."""

    @property
    def is_pictured(self) -> bool:
        """Whether pictures cover much of the page, and far more than its text."""
        return self.pictures >= PICTURED and self.pictures >= RATIO * self.written


def look_of(native: Any, page: ParsedPage) -> Look:
    """Return what liteparse's page shows."""
    annotations = native.annotations or ()
    fields = native.form_fields or ()
    if not (annotations or fields or page.blocks or page.text):
        return Look()
    kinds = {annotation.subtype for annotation in annotations}
    pictures, written = _covered(page)
    return Look(
        pictures=pictures,
        written=written,
        turn=_turn(native, page),
        is_drawn_over=bool(kinds & _DRAWN) or any(_is_unseen(field, page) for field in fields),
        notes=tuple(_notes(annotations)),
        has_files="fileattachment" in kinds,
    )


def is_unreadable(text: str) -> bool:
    """Whether most letters of a text mean nothing outside of their font."""
    if text.isascii():
        return False
    return len(_UNMAPPED.findall(text)) > UNMAPPED * len("".join(text.split()))


def is_doubtful(text: str) -> bool:
    """Whether a text is like one whose font tells wrong letters.

    It has codes that are no letters, or the letters of its Latin script are not those that
    languages use most.
    """
    text = text[:SAMPLE]
    if len(_CODE.findall(text)) > MAX_CODES * len(text):
        return True
    lower = text.lower()
    common = sum(map(lower.count, COMMON))
    if common >= MIN_COMMON * (len(lower) - lower.count(" ")):
        return False  # quick, for nearly every page
    latin = len(_LATIN.findall(lower))
    if latin < MIN_LETTERS or common >= MIN_COMMON * latin:
        return False
    return latin > 0.9 * sum(map(str.isalpha, lower))


def _covered(page: ParsedPage) -> tuple[float, float]:
    area = (page.width or 0) * (page.height or 0)
    if area <= 0:
        return 0.0, 0.0
    pictures = sum(b.box.w * b.box.h for b in page.blocks if b.kind == "figure")
    written = sum(b.box.w * b.box.h for b in page.blocks if b.kind not in {"figure", "rule"})
    return pictures / area, written / area


def _turn(native: Any, page: ParsedPage) -> int:
    # The layout leaves out what lies on its side, and only then are the items looked at.
    if not page.text or len(page.md) > len(page.text) / 2:
        return 0
    letters: Counter[int] = Counter()
    for item in native.text_items:
        letters[round(item.rotation / 90) % 4 * 90] += len(item.text)
    if not letters:
        return 0
    rotation, count = letters.most_common(1)[0]
    return (360 - rotation) % 360 if count >= TURNED_SHARE * letters.total() else 0


def _is_unseen(field: Any, page: ParsedPage) -> bool:
    """Whether a field of a form holds what the text does not show."""
    if field.field_type in {"checkbox", "radiobutton", "radio"}:
        return True
    value = (field.value or "").strip()
    return bool(value) and value not in page.text


def _notes(annotations: Sequence[Any]) -> Iterator[Note]:
    for annotation in annotations:
        if annotation.subtype not in _SILENT and (text := (annotation.contents or "").strip()):
            yield Note((annotation.title or "").strip(), text)
