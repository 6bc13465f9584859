"""Names that gave way to the field's own stay away; prints what it looked for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("sheaf", "workflows", "activities")

GONE = {
    r"\w*_shown|_shown": "`to_response` and presenters",
    r"LookInput|looked_at|Enumerated|PageSlots": "payloads by verb and noun, or the event's name",
    r"Opening|Opened|Turn|Endless": "Prefetcher, OpenFile, SliceBudget",
    r"Lane|Orders?|Listed|answers": "RequestPipeline, ParseRequest, responses",
    r"Relay|joining|again|mark|paces": (
        "PageScheduler, page_coalescing, redispatch, high_water_mark, speed_factors"
    ),
    r"alone|rest|heeded|observed|OnceOnly": (
        "isolated, remaining, option_support, request_metrics, Idempotent"
    ),
    r"settle|settle_\w+|_settle\w*": "record, finalize",
    r"failed": "failed_outcome, failed_result",
}
"""Names, as a regular expression, by what took their place; of classes, functions and fields."""


def names(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the names that a module makes public to others: no local variable."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            yield node.lineno, node.name
            for part in node.body:
                if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                    yield part.lineno, part.target.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name


@pytest.mark.parametrize("pattern", GONE)
def test_no_name_of_a_dialect_is_left(pattern: str) -> None:
    fields = {"failed"}  # a count, as the contract has it
    modules = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    left = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in modules
        for line, name in [*names(path), (1, path.stem)]
        if re.fullmatch(pattern, name) and name not in fields
    ]
    print(f"{len(modules)} modules have no {pattern}: now {GONE[pattern]}")
    assert not left


def test_a_payload_has_a_name_of_its_own() -> None:
    found: dict[str, set[str]] = {}
    for path in (ROOT / "sheaf/contracts").rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, set()).add(str(path.relative_to(ROOT)))
    assert not {name: sorted(paths) for name, paths in found.items() if len(paths) > 1}
