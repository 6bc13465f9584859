"""The order of the rooms, held by reading the imports of every module."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# The rooms of `sheaf/`, the top one first, as docs/architecture.md has them. A room stands on those
# below it; of those on one floor, none knows another.
FLOORS = (
    ("testing",),
    ("cli",),
    ("api",),
    ("composition.py",),
    ("jobs",),
    ("webhooks",),
    ("views",),
    ("processing",),
    ("parser_pool", "sources"),
    ("storage",),
    ("embedded", "engines", "ledger"),
    ("rules", "runtime"),
    ("contracts", "config.py", "observability.py"),
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
COMPOSED = FLOOR_OF["composition.py"]

# First-party modules, and Temporal's, that a module outside of `sheaf/` may import; a prefix
# counts.
ALLOWED = {
    "activities": {
        *(f"sheaf.{room}" for room, floor in FLOOR_OF.items() if floor > COMPOSED),
        *("activities", "temporalio"),
    },
    "activities/signatures.py": {"sheaf.contracts", "temporalio.activity"},
    "workflows": {
        *("workflows", "activities.signatures", "sheaf.rules", "sheaf.contracts", "temporalio"),
    },
    "worker.py": {"activities", "sheaf", "temporalio", "workflows"},
    "webhook_worker.py": {"activities", "sheaf", "temporalio", "workflows"},
    "starter.py": {"sheaf.cli"},
}
# Rooms and modules of `sheaf/` that know Temporal.
TEMPORAL = {
    *("sheaf/api", "sheaf/composition.py", "sheaf/observability.py", "sheaf/testing"),
    *("sheaf/embedded/probes.py", "sheaf/webhooks/dispatcher.py"),
    *("sheaf/jobs/service.py", "sheaf/jobs/reconciler.py", "sheaf/jobs/search_attributes.py"),
    *("sheaf/jobs/workflow_ends.py", "sheaf/jobs/hold_ups.py"),
}
# Rooms that read the settings of their process; all others are given what they need.
CONFIGURED = {"api", "cli", "testing"}
APART = {
    *("activities", "bench", "deploy", "examples", "starter", "tests", "webhook_worker"),
    *("worker", "workflows"),
}
HOUSE = sorted((ROOT / "sheaf").rglob("*.py"))
APP = sorted(
    path
    for name in ALLOWED
    for path in ([ROOT / name] if name.endswith(".py") else (ROOT / name).rglob("*.py"))
)
MODULES = sorted({*HOUSE, *APP} - set((ROOT / "sheaf" / "testing").rglob("*.py")))


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[1]


def imported(path: Path) -> set[str]:
    """Return what a module imports that is ours or Temporal's, with what it takes from each."""
    ours = APART | {"sheaf", "temporalio"}
    return {name for name in all_imported(path) if name.split(".")[0] in ours}


def all_imported(path: Path) -> set[str]:
    """Return the dotted names that a module imports, with what it takes from each."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{path}: say the whole name of what is imported"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def begins(name: str, prefixes: set[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in prefixes)


def may_stand_on(room: str, name: str) -> bool:
    other = name.split(".")[1]
    other = other if other in FLOOR_OF else f"{other}.py"
    is_below = room == other or FLOOR_OF[room] < FLOOR_OF[other]
    return is_below and (other != "config.py" or room in CONFIGURED)


@pytest.mark.parametrize("path", HOUSE, ids=shown)
def test_a_room_stands_only_on_those_below_it(path: Path) -> None:
    names = imported(path)
    assert {name for name in names if begins(name, APART)} == set()
    if path.parent == ROOT / "sheaf" and path.name == "__init__.py":
        assert names == set()
        return
    ours = {name for name in names if begins(name, {"sheaf"})}
    assert {name for name in ours if not may_stand_on(room_of(path), name)} == set()
    if not any(shown(path) == one or shown(path).startswith(f"{one}/") for one in TEMPORAL):
        assert names == ours


@pytest.mark.parametrize("path", APP, ids=shown)
def test_the_temporal_app_imports_only_what_it_may(path: Path) -> None:
    rules = ALLOWED.get(shown(path), ALLOWED.get(path.relative_to(ROOT).parts[0], set()))
    assert {name for name in imported(path) if not begins(name, rules)} == set()
    assert not any(begins(name, {"sheaf.testing"}) for name in imported(path))


def test_only_one_command_knows_the_api_and_only_how_to_serve_it() -> None:
    for path in (ROOT / "sheaf" / "cli").rglob("*.py"):
        known = {name for name in imported(path) if begins(name, {"sheaf.api"})}
        if path.name == "serve.py":
            known = {name for name in known if not begins(name, {"sheaf.api.server"})}
        assert known == set(), path


def test_no_modules_import_each_other_in_a_circle() -> None:
    paths = {module_of(path): path for path in (*HOUSE, *APP)}
    open_ones = {
        module: {
            other
            for name in imported(path)
            for other in (name if name in paths else name.rpartition(".")[0],)
            if other in paths and other != module
        }
        for module, path in paths.items()
    }
    # What imports nothing that is left goes; what stays in the end is a circle, or leads to one.
    while done := {module for module, others in open_ones.items() if not others}:
        open_ones = {
            module: others - done for module, others in open_ones.items() if module not in done
        }
    assert open_ones == {}


HTTP_CLIENTS = {
    *("aiohttp", "http.client", "httpcore", "httpcore2", "httpx", "httpx2", "requests"),
    *("urllib.request", "urllib3"),
}


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_one_module_knows_the_http_client(path: Path) -> None:
    known = {name for name in all_imported(path) if begins(name, HTTP_CLIENTS)}
    assert known == set() or shown(path) == "sheaf/runtime/http_client.py"


UNBOUNDED = {
    "worker.py",  # once, at the start
    "sheaf/api/dependencies/forms.py",  # of a file that the request itself has brought
}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_whoever_calls_a_file_system_does_not_wait_for_it_without_end(path: Path) -> None:
    is_known = str(path.relative_to(ROOT)) in UNBOUNDED
    assert is_known or "to_thread(" not in path.read_text(), "use sheaf.runtime.file_calls"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_folder_that_is_read_is_closed(path: Path) -> None:
    opened = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"os.scandir", "scandir"}
    ]
    managed = [
        item.context_expr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.With)
        for item in node.items
    ]
    places = {(one.lineno, one.col_offset) for one in managed}
    assert all((one.lineno, one.col_offset) in places for one in opened)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "sheaf" / "cli").glob("*.py")), ids=lambda path: path.name
)
def test_a_command_reads_jobs_of_its_project_alone(path: Path) -> None:
    assert ".jobs.get(" not in path.read_text(), "use Session.job"


# What follows holds once every module has moved in.


def floors_of_the_document() -> Iterator[tuple[str, ...]]:
    house = (ROOT / "docs" / "architecture.md").read_text().split("\n## ")[1]
    assert house.startswith("The house\n")
    for line in house.splitlines():
        rooms = re.findall(r"`sheaf/([a-z_.]+)/?`", line.split("|")[1]) if "|" in line else []
        if rooms:
            yield tuple(rooms)


def test_the_document_has_the_rooms_in_the_same_order() -> None:
    assert tuple(floors_of_the_document()) == FLOORS


def test_every_room_is_on_a_floor() -> None:
    rooms = {path.name for path in (ROOT / "sheaf").iterdir() if path.name != "__pycache__"}
    assert rooms == {*FLOOR_OF, "__init__.py"}
    assert len(HOUSE) > 200


def test_documents_name_files_that_are_there() -> None:
    tops = ("activities", "bench", "deploy", "docs", "examples", "sheaf", "tests", "workflows")
    named = re.compile(rf"`((?:{'|'.join(tops)})/[\w./-]+\.[a-z]+|[a-z_]+\.py)`")
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        names = named.findall(path.read_text())
        assert [name for name in names if not (ROOT / name).exists()] == [], path


def test_each_decision_has_a_number_of_its_own() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    numbers = [int(path.name[:4]) for path in decisions]
    assert numbers == list(range(1, len(numbers) + 1))
    for number, path in zip(numbers, decisions, strict=True):
        assert path.read_text().startswith(f"# {number}. "), path


def test_the_walks_go_through_files_of_the_house() -> None:
    document = (ROOT / "docs" / "architecture.md").read_text()
    for title in ("The way of a job's id", "The way of a file's bytes"):
        (walk,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", document, re.MULTILINE | re.DOTALL)
        files = re.findall(r"`((?:activities|sheaf|workflows)/[\w/]+\.py)`", walk)
        assert len(files) >= 5
        assert all((ROOT / name).is_file() for name in files)


def test_only_the_house_and_the_temporal_app_are_installed() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    packages = told["packages"]["find"]
    tops = {name.split(".")[0].rstrip("*") for name in packages["include"]}
    assert tops == {"activities", "sheaf", "workflows"}
    assert set(told["py-modules"]) == {"starter", "webhook_worker", "worker"}
    assert packages["exclude"] == ["sheaf.testing*"]
