"""Tracked changes and comments of a text document, told below its text."""

import json
from collections.abc import Iterable
from typing import Any

from sheaf.contracts.documents import ParsedPage
from sheaf.engines.markdown import plain_text

_KINDS = {"insertion": "inserted", "deletion": "deleted", "comment": "comment"}


def with_revisions(pages: list[ParsedPage], natives: Iterable[Any]) -> list[ParsedPage]:
    """Return pages with a list of changes below the last one; without changes, as they are.

    The text itself reads as if every change were accepted.
    """
    told = [line for line in map(_told, natives) if line]
    if not told:
        return pages
    last = pages[-1]
    md = "\n\n".join(part for part in (last.md, "## Revisions", "\n".join(told)) if part)
    return [*pages[:-1], last.changed(text=plain_text(md), md=md)]


def _told(native: Any) -> str | None:
    kind = str(native.kind).lower()
    delta = native.delta
    texts = [_text(part) for part in (delta.content if delta else None) or ()]
    words = " ".join(" ".join(texts).split())
    if kind not in _KINDS or not words:
        return None
    by = f" by {' '.join(native.author.split())}" if native.author else ""
    return f"- {_KINDS[kind]}{by}: {words}"


def _text(part: Any) -> str:
    try:
        value = json.loads(part) if isinstance(part, str) else json.loads(str(part))
    except ValueError:
        return ""
    return str(value.get("text", "")) if isinstance(value, dict) else ""
