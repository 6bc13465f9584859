"""The parts of a document's text that a classification looks at.

Everything here is pure and bounded: text beyond `MAX_CHARACTERS` is never touched, and at most
`MAX_PASSAGES` passages come back, so the cost of a document does not grow with its length.
"""

import re
import unicodedata

MAX_CHARACTERS = 60_000
"""Most characters looked at, about 20 pages: what a document is shows before that."""
PASSAGE_CHARACTERS = 700
"""Longest passage; the size that classified best in the survey of engines (2026-11-23)."""
LEADING_PASSAGES = 3
SPREAD_PASSAGES = 3
"""Passages from the start, and evenly spaced ones of the rest; same survey."""
MAX_PASSAGES = LEADING_PASSAGES + SPREAD_PASSAGES
QUOTE_CHARACTERS = 160
"""Longest quotation in a reasoning: two lines of a terminal."""

# Every repeat is bounded or of one character class, so that hostile text cannot make it backtrack.
_TAG = re.compile(r"<[!/]?[A-Za-z-][^<>\n]{0,300}>")
_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\n]{0,1000}\)")
_LINE_MARK = re.compile(r"^[\s>#*+=-]+")
_EMPHASIS = re.compile(r"[*`~\\]+|(?<![^\W_])_+|_+(?![^\W_])")
_SPACE = re.compile(r"[\s|\x00-\x1f\x7f-\x9f]+")
_SENTENCE_END = re.compile(r"\n|[.!?] ")


def clean(text: str) -> str:
    """Return the words of a text or Markdown, a line each, without marks, tags and link targets.

    Plain text and the same text with Markdown around it come out alike. Characters that UTF-8
    cannot carry are replaced, since the tokenizer refuses them.
    """
    readable = text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
    readable = unicodedata.normalize("NFKC", readable)
    readable = _LINK.sub(r"\1", _TAG.sub(" ", readable))
    lines = (_clean_line(line) for line in readable.splitlines())
    return "\n".join(line for line in lines if line)


def _clean_line(line: str) -> str:
    """Return one line without Markdown; empty when no letter or digit is on it."""
    if not any(character.isalnum() for character in line):
        return ""
    bare = _EMPHASIS.sub("", _LINE_MARK.sub("", line))
    return _SPACE.sub(" ", bare).strip()


def passages(cleaned: str) -> list[str]:
    """Return the passages to embed, in reading order: the first ones, then a spread of the rest."""
    chunks = split(cleaned)
    rest = chunks[LEADING_PASSAGES:]
    if len(rest) > SPREAD_PASSAGES:
        # Middles of equal parts, so that neither the seam nor the very last scrap is favoured.
        middles = ((2 * part + 1) * len(rest) for part in range(SPREAD_PASSAGES))
        rest = [rest[middle // (2 * SPREAD_PASSAGES)] for middle in middles]
    return chunks[:LEADING_PASSAGES] + rest


def split(cleaned: str) -> list[str]:
    """Cut a text at line and sentence ends into chunks of at most `PASSAGE_CHARACTERS`."""
    chunks: list[str] = []
    start = 0
    while start < len(cleaned):
        end = _cut(cleaned, start)
        chunk = cleaned[start:end].strip()
        if chunk:
            chunks.append(chunk)
        start = end
    return chunks


def _cut(cleaned: str, start: int) -> int:
    """Return where the chunk from `start` ends: at a sentence, else at a space, else anywhere."""
    limit = start + PASSAGE_CHARACTERS
    if limit >= len(cleaned):
        return len(cleaned)
    # Not before the middle: a short first line must not become a passage of its own.
    middle = start + PASSAGE_CHARACTERS // 2
    ends = [found.end() for found in _SENTENCE_END.finditer(cleaned, middle, limit)]
    if ends:
        return ends[-1]
    space = cleaned.rfind(" ", middle, limit)
    return limit if space < 0 else space + 1


def quote(passage: str) -> str:
    """Return the start of a passage on one line, cut at a word to `QUOTE_CHARACTERS`."""
    line = " ".join(passage.split())
    if len(line) <= QUOTE_CHARACTERS:
        return line
    kept = line[: QUOTE_CHARACTERS - 1]
    space = kept.rfind(" ")
    return (kept[:space] if space > QUOTE_CHARACTERS // 2 else kept).rstrip() + "…"
