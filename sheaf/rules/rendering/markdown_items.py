"""The parts of a page's markdown: headings, texts, lists, tables, code, images."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
MAX_DEPTH = 20
"""Deepest nesting of lists that is told apart; what lies deeper is text."""


def markdown_items(markdown: str) -> list[dict[str, Any]]:
    """Return the parts of a page in order, each with its `type` and its own `md`.

    `heading` has `level` and `value`; `text` and `code` have `value`; `list` has `ordered` and
    `items`; `table` has `rows`, `csv` and `html`; `image` has `url` and `caption`.
    """
    lines = markdown.splitlines()
    return _parts(SyntaxTreeNode(_MARKDOWN.parse(markdown)).children, lines, 0)


def _parts(nodes: Sequence[SyntaxTreeNode], lines: list[str], depth: int) -> list[dict[str, Any]]:
    return [part for node in nodes if (part := _part(node, lines, depth)) is not None]


def _part(node: SyntaxTreeNode, lines: list[str], depth: int) -> dict[str, Any] | None:
    md = _source(node, lines)
    match node.type:
        case "hr":
            return None
        case "heading":
            return {"type": "heading", "level": int(node.tag[1:]), "value": _text(node), "md": md}
        case "bullet_list" | "ordered_list" if depth < MAX_DEPTH:
            parts = [
                part for entry in node.children for part in _parts(entry.children, lines, depth + 1)
            ]
            is_ordered = node.type == "ordered_list"
            return {"type": "list", "ordered": is_ordered, "items": parts, "md": md}
        case "table":
            return _table(node, md)
        case "fence" | "code_block":
            language = node.info.strip() or None
            return {"type": "code", "language": language, "value": node.content, "md": md}
        case _:
            return _image(node, md) or {"type": "text", "value": _text(node) or md, "md": md}


def _table(node: SyntaxTreeNode, md: str) -> dict[str, Any]:
    rows = [
        [_text(cell) for cell in row.children] for part in node.children for row in part.children
    ]
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    html = _MARKDOWN.render(md)
    return {"type": "table", "rows": rows, "csv": written.getvalue(), "html": html, "md": md}


def _image(node: SyntaxTreeNode, md: str) -> dict[str, Any] | None:
    """Return a paragraph that is nothing but an image as that image."""
    inline = node.children[0] if node.type == "paragraph" and node.children else None
    if inline is None or [child.type for child in inline.children] != ["image"]:
        return None
    image = inline.children[0]
    return {"type": "image", "url": str(image.attrs["src"]), "caption": image.content, "md": md}


def _source(node: SyntaxTreeNode, lines: list[str]) -> str:
    first, last = node.map or (0, 0)
    return "\n".join(lines[first:last]).strip("\n")


def _text(node: SyntaxTreeNode) -> str:
    inlines = [child.content for child in node.children if child.type == "inline"]
    return "\n".join(inlines)
