"""Where the parts of a page's markdown stand on the page."""

from collections.abc import Iterable, Sequence
from typing import Any

from models.page_parts import Block, Box, Line, letters

_LOOK_AHEAD = 8
"""Blocks that may be passed over to find the next part's: some have no words, or stand apart."""


def boxes_of(items: Sequence[dict[str, Any]], blocks: Sequence[Block]) -> list[Box | None]:
    """Return the place of each item, the least rectangle round its blocks; None where unknown.

    Args:
        items: of `markdown_items`, in their order.
        blocks: of the same page, in the same order.
    """
    boxes: list[Box | None] = []
    at = 0
    for item in items:
        first = _first(item, blocks, at)
        if first is None:
            boxes.append(None)
            continue
        at = _end(item, blocks, first)
        boxes.append(union(block.box for block in blocks[first:at]))
    return boxes


def lines_within(box: Box, lines: Iterable[Line]) -> list[Line]:
    """Return the lines whose middle lies in a rectangle."""
    return [
        line
        for line in lines
        if box.x - 1 <= line.box.x + line.box.w / 2 <= box.x + box.w + 1
        and box.y - 1 <= line.box.y + line.box.h / 2 <= box.y + box.h + 1
    ]


def union(boxes: Iterable[Box]) -> Box:
    """Return the least rectangle round some, of which there is at least one."""
    held = list(boxes)
    left, top = min(box.x for box in held), min(box.y for box in held)
    right = max(box.x + box.w for box in held)
    bottom = max(box.y + box.h for box in held)
    return Box(left, top, round(right - left, 1), round(bottom - top, 1))


def _first(item: dict[str, Any], blocks: Sequence[Block], start: int) -> int | None:
    ahead = range(start, min(start + _LOOK_AHEAD, len(blocks)))
    if item["type"] == "image":
        return next((at for at in ahead if blocks[at].kind == "figure"), None)
    words = _words(item)
    return next((at for at in ahead if _opens(blocks[at], words)), None)


def _opens(block: Block, words: str) -> bool:
    """Whether the words begin as the block does; either may be the shorter."""
    key = block.key
    return bool(key) and bool(words) and (words.startswith(key) or key.startswith(words))


def _end(item: dict[str, Any], blocks: Sequence[Block], first: int) -> int:
    """Return where the item's blocks end: those of a list are one an entry."""
    words, at = _words(item), first + 1
    behind = max(words.find(blocks[first].key), 0) + len(blocks[first].key)
    while at < len(blocks) and blocks[at].key and item["type"] in {"list", "text", "code"}:
        position = words.find(blocks[at].key, behind)
        if position < 0:
            break
        behind, at = position + len(blocks[at].key), at + 1
    return at


def _words(item: dict[str, Any]) -> str:
    if item["type"] == "list":
        return "".join(_words(part) for part in item["items"])
    if item["type"] == "table":
        return letters(" ".join(cell for row in item["rows"] for cell in row))
    return letters(str(item.get("value") or item["md"]))
