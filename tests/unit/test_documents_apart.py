"""What a document says is handled in processes that may be killed, and nowhere else.

Held by reading imports, those within functions too, all the way from each process's main: a
process that serves several people cannot reach what decodes, matches or renders a document.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

from sheaf.cli.commands import COMMANDS

ROOT = Path(__file__).parents[2]
MAINS = ("sheaf.api.server", "webhook_worker", "worker", "starter")
SERVING = ("sheaf.api.server", "sheaf.webhooks.deliverer")
"""What answers callers, and what tells receivers."""

RENDERING = {
    *(
        "sheaf.rules.rendering.item_boxes",
        "sheaf.rules.rendering.markdown_items",
        "sheaf.rules.rendering.markdown_style",
        "sheaf.rules.rendering.page_items",
    ),
    *(
        "sheaf.rules.rendering.page_links",
        "sheaf.rules.rendering.page_margins",
        "sheaf.rules.rendering.result_parts",
        "sheaf.rules.rendering.result_parts_v1",
    ),
    *(
        "sheaf.rules.rendering.table_merging",
        "sheaf.rules.rendering.written_markdown",
        "sheaf.rules.rendering.written_result",
    ),
    *("sheaf.engines.dispatch", "sheaf.views.handler", "sheaf.views.workbooks"),
}
LIBRARIES = {
    *("markdown_it", "xlsxwriter", "liteparse", "xberg", "wordllama", "pypdf", "pypdfium2", "PIL"),
    *("chardet", "compressed_rtf", "olefile", "selectolax", "xlrd"),
}
DOCUMENTS = {"ParsedDocument", "ParsedPage"}
DECODED_IN = {"sheaf/parser_pool/responses.py"}
"""Where an answer of a process is decoded, within a bound that its pool has."""


@cache
def imports(path: Path) -> frozenset[str]:
    """Return the dotted names that a module imports, with what it takes from each."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def file_of(name: str) -> Path | None:
    path = ROOT / name.replace(".", "/")
    for one in (path.with_suffix(".py"), path / "__init__.py"):
        if one.is_file():
            return one
    return None


def reached(main: str) -> dict[str, Path]:
    """Return the modules of ours that a process can come to import, with their files."""
    found: dict[str, Path] = {}
    left = [main]
    if main == "starter":
        # By their names, when they are called.
        left += [f"sheaf.cli.{entry.module}" for entry in COMMANDS.values()]
    while left:
        name = left.pop()
        path = file_of(name)
        if path is None or name in found:
            continue
        found[name] = path
        left += imports(path)
    return found


@pytest.mark.parametrize("main", MAINS)
def test_no_process_that_serves_several_people_can_render_a_document(main: str) -> None:
    modules = reached(main)
    assert len(modules) > 60
    assert not RENDERING & modules.keys()
    used = {name.split(".")[0] for path in modules.values() for name in imports(path)}
    assert not LIBRARIES & used


@pytest.mark.parametrize("main", SERVING)
def test_no_process_that_answers_or_tells_has_a_document_in_its_hands(main: str) -> None:
    having = {
        str(path.relative_to(ROOT))
        for path in reached(main).values()
        if {name.rpartition(".")[2] for name in imports(path)} & DOCUMENTS
    }
    assert not having


@pytest.mark.parametrize("main", MAINS)
def test_results_are_decoded_in_the_process_that_writes_their_parts(main: str) -> None:
    decoding = {
        str(path.relative_to(ROOT))
        for path in reached(main).values()
        if {"sheaf.contracts.documents.EngineResult", "sheaf.contracts.documents.ParsedDocument"}
        & imports(path)
        and "model_validate" in path.read_text()
    }
    mine = {"sheaf/cli/stored.py"} if main == "starter" else set()
    assert decoding <= {*DECODED_IN, *mine}


def test_what_renders_is_reached_from_the_process_that_does() -> None:
    assert RENDERING - {"sheaf.engines.dispatch"} <= reached("sheaf.views.handler").keys()
