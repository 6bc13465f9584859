"""Where the parts of a page's markdown stand on the page."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import takewhile
from typing import Any

from sheaf.contracts.page_parts import Block, Box, Line, letters

_LOOK_AHEAD = 8
"""Blocks that may be passed over to find the next part's: some have no words, or stand apart."""


def boxes_of(items: Sequence[dict[str, Any]], blocks: Sequence[Block]) -> list[Box | None]:
    """Return the place of each item, the least rectangle round its blocks; None where unknown.

    Args:
        items: of `markdown_items`, in their order.
        blocks: of the same page, in the same order.
    """
    boxes: list[Box | None] = []
    words = list(map(_words, items))
    at = 0
    for number, item in enumerate(items):
        first = _first(item["type"], words[number], blocks, at)
        if first is None:
            boxes.append(None)
            continue
        at = first + 1
        if item["type"] in {"list", "text", "code"}:
            at = _end(words[number : number + 1 + _LOOK_AHEAD], blocks, first)
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


def _first(kind: str, words: str, blocks: Sequence[Block], start: int) -> int | None:
    ahead = range(start, min(start + _LOOK_AHEAD, len(blocks)))
    if kind == "image":
        return next((at for at in ahead if blocks[at].kind == "figure"), None)
    return next((at for at in ahead if _opens(blocks[at], words)), None)


def _opens(block: Block, words: str) -> bool:
    """Whether the words begin as the block does; either may be the shorter."""
    key = block.key
    return bool(key) and bool(words) and (words.startswith(key) or key.startswith(words))


def _end(words: Sequence[str], blocks: Sequence[Block], first: int) -> int:
    """Return where an item's blocks end: those of a list are one an entry.

    Args:
        words: of the item, and of those that follow.
        blocks: of the page.
        first: the item's first block.
    """
    own, *following = words
    at = first + 1
    behind = max(own.find(blocks[first].key), 0) + len(blocks[first].key)
    while at < len(blocks) and blocks[at].key:
        position = own.find(blocks[at].key, behind)
        if position < 0 or _opens_next(following, blocks[at : at + _LOOK_AHEAD]):
            break
        behind, at = position + len(blocks[at].key), at + 1
    return at


def _opens_next(following: Sequence[str], blocks: Sequence[Block]) -> bool:
    """Whether the first block opens the next item, though its words are in this one's too.

    A block is known by its beginning, so how far it goes is not; a short text may well be in the
    rest of a long one. Then it is the next item's, unless there are more such blocks than items.
    """
    items = sum(1 for _ in takewhile(partial(_opens, blocks[0]), following))
    if not items:
        return False
    opening = sum(1 for _ in takewhile(lambda block: _opens(block, following[0]), blocks))
    return opening <= items


def _words(item: dict[str, Any]) -> str:
    if item["type"] == "list":
        return "".join(_words(part) for part in item["items"])
    if item["type"] == "table":
        return letters(" ".join(cell for row in item["rows"] for cell in row))
    return letters(str(item.get("value") or item["md"]))
