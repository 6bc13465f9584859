"""Headers and footers: what of a page stands above and below its own text."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_NUMBER = re.compile(r"(?<![\w.,/-])([0-9]{1,5}|[ivxlcdm]{1,8})(?![\w.,/-])", re.IGNORECASE)


@dataclass(frozen=True)
class Margins:
    """The words above and below a page's own text; None where there are none."""

    header: str | None = None
    footer: str | None = None


def margins_of(whole: str, body: str) -> Margins:
    """Tell header and footer as what the whole text of a page has before and after its body.

    Args:
        whole: the text with header and footer.
        body: the text without them. Words that are missing in its middle count as neither.
    """
    words, kept = whole.split(), body.split()
    if not kept:
        return Margins()
    blocks = SequenceMatcher(None, words, kept, autojunk=False).get_matching_blocks()[:-1]
    if not blocks:
        return Margins()
    last = blocks[-1]
    above = words[: blocks[0].a] if blocks[0].b == 0 else []
    below = words[last.a + last.size :] if last.b + last.size == len(kept) else []
    return Margins(" ".join(above) or None, " ".join(below) or None)


def printed_page_numbers(pages: Sequence[tuple[int, Margins]]) -> list[str | None]:
    """Return the page number that each page's header or footer prints, in Arabic or Roman digits.

    A footer goes before a header, and a number at an end of either before one within. With other
    pages to compare, a number that they all print is none of a page.

    Args:
        pages: the place of each in the document, which decides between two candidates, and its
            margins.
    """
    numbers = [_numbers(margins) for _, margins in pages]
    compared = sum(margins != Margins() for _, margins in pages)
    printed_by = Counter(text for found in numbers for text in set(found))
    printed = []
    for (place, margins), found in zip(pages, numbers, strict=True):
        others = compared - (margins != Margins())
        # All the others print it: this page is one more.
        own = [text for text in found if not others or printed_by[text] - 1 < others]
        exact = [text for text in own if text == str(place)]
        printed.append(next(iter(exact or own), None))
    return printed


def without_margins(text: str, margins: Margins) -> str:
    """Return a page's plain text without its header and footer, where they are its outer lines."""
    lines = text.split("\n")
    lines = _dropped(lines, (margins.header or "").split())
    lines = _dropped(lines[::-1], (margins.footer or "").split()[::-1], is_reversed=True)[::-1]
    return "\n".join(lines).strip("\n")


def _dropped(lines: list[str], words: list[str], *, is_reversed: bool = False) -> list[str]:
    """Drop leading lines that are made of these words; all lines where they do not fit."""
    done = 0
    for at, line in enumerate(lines):
        if done == len(words):
            return lines[at:]
        here = line.split()[::-1] if is_reversed else line.split()
        if sorted(here) != sorted(words[done : done + len(here)]):
            return lines
        done += len(here)
    return lines if done < len(words) else []


def _numbers(margins: Margins) -> list[str]:
    texts = [text for text in (margins.footer, margins.header) if text]
    found = [(text, match) for text in texts for match in _NUMBER.finditer(text)]
    at_ends = [m[0] for text, m in found if m.start() == 0 or m.end() == len(text)]
    return at_ends + [match[0] for _, match in found if match[0] not in at_ends]
