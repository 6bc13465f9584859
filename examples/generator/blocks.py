"""The few kinds of block that the samples are made of.

Texts are written once, as Markdown, and each writer draws the same blocks in its own format. A rule
(`---`) begins a new page, where the format has pages.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

MARKDOWN = MarkdownIt("commonmark").enable("table")
MARKDOWN.add_render_rule("softbreak", lambda *_: " ")


@dataclass(frozen=True)
class Block:
    """One heading, paragraph, list item, table or page break.

    Attributes:
        kind: `heading`, `paragraph`, `bullet`, `table` or `break`.
        level: of a heading, from 1.
        rows: of a table, the header first.
    """

    kind: str
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


def parse(text: str) -> Iterator[Block]:
    """Yield the blocks of a text."""
    for node in SyntaxTreeNode(MARKDOWN.parse(text)).children:
        if node.type == "heading":
            yield Block("heading", _text(node), level=int(node.tag[1:]))
        elif node.type == "bullet_list":
            yield from (Block("bullet", _text(item)) for item in node.children)
        elif node.type == "table":
            rows = (row for part in node.children for row in part.children)
            yield Block("table", rows=tuple(tuple(map(_text, row.children)) for row in rows))
        elif node.type == "hr":
            yield Block("break")
        else:
            yield Block("paragraph", _text(node))


def _text(node: SyntaxTreeNode) -> str:
    """Return the text below a node on one line."""
    return " ".join(" ".join(one.content for one in node.walk() if one.type == "inline").split())
