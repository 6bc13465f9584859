"""The parts of a page with their places, in the words of v1 and of v2."""

from collections.abc import Mapping, Sequence
from typing import Any

from sheaf.contracts.documents import ParsedPage
from sheaf.contracts.page_parts import Box, Line, PageImage
from sheaf.rules.rendering.item_boxes import boxes_of, lines_within
from sheaf.rules.rendering.markdown_items import markdown_items


def items_v1(page: ParsedPage) -> list[dict[str, Any]]:
    """Return the parts of a page, each with `bBox` and `lines` where they are known."""
    shown = []
    for item, box in _placed(page):
        known = {key: value for key, value in item.items() if key != "level"}
        if "level" in item:
            known["lvl"] = item["level"]
        if box is not None:
            known["bBox"] = shown_box(box)
            if lines := lines_within(box, page.lines):
                known["lines"] = [_line(line) for line in lines]
        shown.append(known)
    return shown


def items_v2(page: ParsedPage) -> list[dict[str, Any]]:
    """Return the parts of a page, each with a list `bbox` where its place is known.

    Boxes of lines, and of words in place of their lines, stand behind the item's own where a job
    asked for them.
    """
    shown = []
    for item, box in _placed(page):
        if box is not None:
            lines = lines_within(box, page.lines)
            item["bbox"] = [shown_box(box), *_granular(lines)]
        shown.append(item)
    return shown


def table_names(page: int, items: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a name for each table among the parts of a page, unique in the document.

    Args:
        page: the number of the page.
        items: its parts, in their order.
    """
    count = sum(item["type"] == "table" for item in items)
    return [f"table_p{page}_{number}" for number in range(1, count + 1)]


def layout(page: ParsedPage) -> list[dict[str, Any]]:
    """Return the blocks of a page with their kinds, in the order in which they are read."""
    return [{"label": block.kind, "bbox": shown_box(block.box)} for block in page.blocks]


def shown_box(box: Box) -> dict[str, float]:
    """Return a place in points from the top left corner."""
    return box._asdict()


def shown_image(image: PageImage) -> dict[str, Any]:
    """Return what v1 says of a picture: its size in pixels, and its place where it has one."""
    shown: dict[str, Any] = {
        "name": image.name,
        "type": "full_page_screenshot" if image.kind == "screenshot" else "embedded",
        "original_width": image.width,
        "original_height": image.height,
        "width": image.width,
        "height": image.height,
    }
    if image.box is not None:
        shown |= {"x": image.box.x, "y": image.box.y}
        shown |= {"width": image.box.w, "height": image.box.h}
    return shown


def _placed(page: ParsedPage) -> list[tuple[dict[str, Any], Box | None]]:
    items = markdown_items(page.md)
    return list(zip(items, boxes_of(items, page.blocks), strict=True))


def _line(line: Line) -> dict[str, Any]:
    shown: dict[str, Any] = {"text": line.text, "bBox": shown_box(line.box)}
    if line.words:
        shown["words"] = [{"text": word.text, "bBox": shown_box(word.box)} for word in line.words]
    return shown


def _granular(lines: list[Line]) -> list[dict[str, Any]]:
    return [
        {**shown_box(part.box), "label": part.text}
        for line in lines
        for part in (line.words or (line,))
    ]
