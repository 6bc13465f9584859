"""Where the parts of markdown stand on their page."""

from hypothesis import example, given
from hypothesis import strategies as st

from sheaf.contracts.page_parts import Block, Box, Line, block_key
from sheaf.rules.rendering.item_boxes import boxes_of, lines_within, union
from sheaf.rules.rendering.markdown_items import markdown_items

MD = """# A *heading*

Some text over
two lines.

- one
- two

| a | b |
| --- | --- |
| 1 | 2 |
"""


def block(kind: str, text: str, top: float) -> Block:
    return Block(kind, block_key(text), Box(10, top, 100, 10))


BLOCKS = [
    block("heading", "A heading", 0),
    Block("rule", "", Box(0, 15, 500, 1)),
    block("paragraph", "Some text over two lines.", 20),
    block("list_item", "one", 40),
    block("list_item", "two", 50),
    block("table", "a b 1 2", 70),
]


def test_each_part_has_the_place_of_its_blocks() -> None:
    items = markdown_items(MD)
    assert [item["type"] for item in items] == ["heading", "text", "list", "table"]
    assert boxes_of(items, BLOCKS) == [
        Box(10, 0, 100, 10),
        Box(10, 20, 100, 10),
        Box(10, 40, 100, 20),
        Box(10, 70, 100, 10),
    ]


def test_a_part_without_a_block_has_no_place_and_does_not_shift_the_others() -> None:
    items = markdown_items(f"Not on the page.\n\n{MD}")
    assert boxes_of(items, BLOCKS)[:2] == [None, Box(10, 0, 100, 10)]


def test_a_picture_has_the_place_of_its_figure() -> None:
    items = markdown_items("text\n\n![](a.png)")
    blocks = [block("paragraph", "text", 0), Block("figure", "", Box(1, 2, 3, 4))]
    assert boxes_of(items, blocks) == [Box(10, 0, 100, 10), Box(1, 2, 3, 4)]


def test_a_short_text_that_a_long_one_holds_has_a_place_of_its_own() -> None:
    long = "All that is to be paid until the end of the year is, with all taxes, one"
    for kind, md in (("list_item", "- one\n- two"), ("paragraph", "one\n\ntwo")):
        items = markdown_items(f"{long}\n\n{md}")
        blocks = [block("paragraph", long, 0), block(kind, "one", 20), block(kind, "two", 30)]
        assert boxes_of(items, blocks)[0] == Box(10, 0, 100, 10)
        assert boxes_of(items, blocks)[1].y == 20


def test_a_text_of_two_blocks_has_both_though_the_next_one_begins_as_its_second() -> None:
    long = "All that is to be paid until the end of the year is, with all taxes, two"
    items = markdown_items(f"{long} parts\n\ntwo parts of it")
    blocks = [
        block("paragraph", long.removesuffix("two"), 0),
        block("paragraph", "two parts", 10),
        block("paragraph", "two parts of it", 30),
    ]
    assert boxes_of(items, blocks) == [Box(10, 0, 100, 20), Box(10, 30, 100, 10)]


@example(texts=["a" * 33, "a"])
@example(texts=["a" * 33, "a", "a"])
@given(texts=st.lists(st.text("abcd ", min_size=1, max_size=99).filter(str.strip), max_size=12))
def test_paragraphs_of_their_own_blocks_all_have_places_in_order(texts: list[str]) -> None:
    items = [{"type": "text", "value": text, "md": text} for text in texts]
    blocks = [block("paragraph", text, 10.0 * at) for at, text in enumerate(texts)]
    assert boxes_of(items, blocks) == [one.box for one in blocks]


boxes = st.builds(Box, *[st.floats(0, 500).map(lambda value: round(value, 1))] * 4)


@given(held=st.lists(boxes, min_size=1, max_size=5))
def test_the_union_holds_each(held: list[Box]) -> None:
    whole = union(held)
    for box in held:
        assert whole.x <= box.x
        assert whole.y <= box.y
        assert whole.x + whole.w >= box.x + box.w - 0.2
        assert whole.y + whole.h >= box.y + box.h - 0.2


def test_lines_belong_where_their_middle_lies() -> None:
    inside, outside = Line("in", Box(20, 22, 10, 6)), Line("out", Box(20, 40, 10, 6))
    assert lines_within(Box(10, 20, 100, 10), [inside, outside]) == [inside]
