"""Web pages whose elements are nested as pages of people are, and engines do not follow.

A chain of replies or a layout of tables goes deeper than a converter does, which ends without a
word; and a table within a table becomes a line of bars. Here a page keeps its order and its words:
tables that only lay others out become blocks, and what is too deep is brought up.
"""

from dataclasses import dataclass
from html import escape
from typing import Any

MAX_DEPTH = 100
"""Elements inside elements that a page keeps; the engine is told to follow more than that."""
LAST_LEVELS = 40
"""Levels at the bottom of a deep chain that keep their elements."""
MAX_CHARACTERS = 16 * 1024**2
"""Longest page that is looked through; each element takes some 300 bytes meanwhile."""
LAID_OUT_SHARE = 0.5
"""Share of a table's characters in the tables within it, from which on it only lays them out."""

DEEP = " > ".join(["*"] * MAX_DEPTH)
NESTED = "table table"
ROWS = frozenset({"tbody", "thead", "tfoot", "tr", "colgroup"})
CELLS = frozenset({"td", "th", "caption"})
PARTS = frozenset({"li", "dt", "dd", "summary", "figcaption", "option"})
INLINE = frozenset(
    {
        *(
            "a",
            "abbr",
            "b",
            "big",
            "cite",
            "code",
            "em",
            "font",
            "i",
            "ins",
            "kbd",
            "label",
            "mark",
        ),
        *("q", "s", "small", "span", "strong", "sub", "sup", "tt", "u"),
    }
)
EDGE = "<div></div>"
"""What parts two texts without nesting them."""
COPIED = ("href", "start", "title")


@dataclass
class _Facts:
    """What is known of an element once all inside of it has been seen."""

    height: int = 0
    characters: int = 0
    in_tables: int = 0
    """Characters within the tables inside of it."""
    has_nested: bool = False
    """Whether a table inside of it, or itself, holds another."""
    cells: int = 0
    """Cells with words, of a row."""
    has_mixed_row: bool = False
    """Whether a table stands in a row beside a cell of words."""

    @property
    def is_layout(self) -> bool:
        """Whether a table that holds others only lays them out."""
        mostly = self.in_tables > LAID_OUT_SHARE * self.characters
        return mostly or (self.in_tables > 0 and not self.has_mixed_row)


def is_tangled(page: Any) -> bool:
    """Whether a parsed page is nested deeper than is kept, or has tables within tables."""
    return page.css_first(NESTED) is not None or page.css_first(DEEP) is not None


def untangled(page: Any) -> str:
    """Return the source of a parsed page, nested no deeper than `MAX_DEPTH`."""
    return _Writer(page.root).written()


class _Writer:
    def __init__(self, root: Any) -> None:
        self.root = root
        self.facts = _facts(root)
        self.out: list[str] = []
        self.open: list[str | tuple[Any, int, str]] = []

    def written(self) -> str:
        self.open.append((self.root, 0, ""))
        while self.open:
            step = self.open.pop()
            if isinstance(step, str):
                self.out.append(step)
            else:
                self._write(*step)
        return "".join(self.out)

    def _write(self, node: Any, depth: int, around: str) -> None:
        """Write a node; `around` says whether a table of "data" or "layout" is around it."""
        if not node.is_element_node:
            self.out.append(node.html or "")
            return
        tag, facts = node.tag, self.facts[node.mem_id]
        is_part_of_table = tag in ROWS or tag in CELLS
        if tag == "table":
            self._table(node, depth, around)
        elif is_part_of_table and around in {"layout", "flat"}:
            self._dissolve(node, depth, around, " " if around == "flat" else EDGE)
        elif depth + facts.height <= MAX_DEPTH and not (
            facts.has_nested or (around == "data" and facts.in_tables)
        ):
            self.out.append(node.html or "")
        elif depth < MAX_DEPTH - LAST_LEVELS:
            self._keep(node, depth, around)
        else:
            self._dissolve(node, depth, around, "" if tag in INLINE else EDGE)

    def _table(self, node: Any, depth: int, around: str) -> None:
        facts = self.facts[node.mem_id]
        fits = depth + facts.height <= MAX_DEPTH
        if around in {"data", "flat"}:
            self._dissolve(node, depth, "flat", EDGE)
        elif facts.has_nested and facts.is_layout:
            self._dissolve(node, depth, "layout", EDGE)
        elif fits and not facts.has_nested:
            self.out.append(node.html or "")
        elif depth < MAX_DEPTH - LAST_LEVELS:
            self._keep(node, depth, "data")
        else:
            self._dissolve(node, depth, "layout", EDGE)

    def _keep(self, node: Any, depth: int, around: str) -> None:
        attributes = node.attributes
        said = "".join(
            f' {name}="{escape(attributes[name] or "")}"' for name in COPIED if name in attributes
        )
        self.out.append(f"<{node.tag}{said}>")
        self.open.append(f"</{node.tag}>")
        self._into(node, depth + 1, around)

    def _dissolve(self, node: Any, depth: int, around: str, edge: str) -> None:
        self.out.append(edge)
        self.open.append(edge)
        self._into(node, depth, around)

    def _into(self, node: Any, depth: int, around: str) -> None:
        children = []
        child = node.child
        while child is not None:
            children.append((child, depth, around))
            child = child.next
        self.open.extend(reversed(children))


def _facts(root: Any) -> dict[int, _Facts]:
    """Look at every element once, from the leaves up; a page may be deeper than calls are."""
    nodes: list[tuple[Any, int]] = []
    waiting = [(root, -1)]
    while waiting:
        node, parent = waiting.pop()
        at = len(nodes)
        nodes.append((node, parent))
        child = node.child
        while child is not None:
            waiting.append((child, at))
            child = child.next
    known = [_Facts() for _ in nodes]
    for at in range(len(nodes) - 1, -1, -1):
        node, parent = nodes[at]
        own = known[at]
        if node.is_text_node:
            own.characters = len((node.text_content or "").strip())
        own.has_nested = own.has_nested or (node.tag == "table" and own.in_tables > 0)
        own.has_mixed_row = own.has_mixed_row or (own.cells > 1 and own.in_tables > 0)
        if parent >= 0:
            _add(known[parent], own, node)
    return {node.mem_id: own for (node, _), own in zip(nodes, known, strict=True)}


def _add(outer: _Facts, own: _Facts, node: Any) -> None:
    """Tell an element what one inside of it is."""
    is_table = node.tag == "table"
    outer.height = max(outer.height, own.height + node.is_element_node)
    outer.characters += own.characters
    outer.in_tables += own.characters if is_table else own.in_tables
    outer.has_nested = outer.has_nested or own.has_nested
    outer.cells += node.tag in CELLS and own.characters > 0
    outer.has_mixed_row = outer.has_mixed_row or (own.has_mixed_row and not is_table)
