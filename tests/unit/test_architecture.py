"""The dependency rule, held by reading the imports of every module."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# First-party modules and Temporal's that each layer may import; a prefix counts.
ALLOWED = {
    "models": {"models"},
    "rules": {"rules", "models"},
    "services": {"services", "rules", "models"},
    "services/probes.py": {"services", "temporalio"},
    "services/jobs.py": {"services", "rules", "models", "temporalio"},
    "services/sweeper.py": {"services", "rules", "models", "temporalio"},
    "services/workflow_ends.py": {"services", "temporalio"},
    "services/hold_ups.py": {"models", "temporalio"},
    "services/webhooks/dispatcher.py": {"services", "rules", "models", "temporalio"},
    "services/search_attributes.py": {"models", "temporalio"},
    "services/deployment.py": {"services", "rules", "models", "temporalio"},
    "activities": {"activities", "services", "rules", "models", "temporalio"},
    "activities/signatures.py": {"models", "temporalio.activity"},
    "workflows": {"workflows", "activities.signatures", "rules", "models", "temporalio"},
    "config.py": set(),
    "observability.py": {"temporalio"},
    "webhook_worker.py": {
        *("activities", "services", "workflows", "models", "config", "observability"),
        "temporalio",
    },
    "worker.py": {
        *("activities", "services", "rules", "workflows", "models", "config", "observability"),
        "temporalio",
    },
    "api": {
        *("api", "services", "models", "rules", "config", "observability"),
        "temporalio",
    },
    "cli/serve.py": {"api.server", "cli", "services"},
    "cli": {"cli", "services", "rules", "models", "config"},
    "starter.py": {"cli", "temporalio.service"},
}
GUARDED = (
    *("activities", "api", "cli", "config", "models", "observability", "rules", "services"),
    *(
        "starter",
        "temporalio",
        "webhook_worker",
        "worker",
        "workflows",
        "bench",
        "tests",
        "examples",
    ),
)
MODULES = sorted(
    path
    for name in ALLOWED
    for path in ([ROOT / name] if name.endswith(".py") else (ROOT / name).rglob("*.py"))
)


def imported(path: Path) -> set[str]:
    """Return the dotted names that a module imports, with what it takes from each."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in GUARDED}


def allowed(path: Path) -> set[str]:
    relative = path.relative_to(ROOT)
    return ALLOWED.get(str(relative), ALLOWED.get(relative.parts[0], set()))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    rules = allowed(path)
    wrong = {
        name
        for name in imported(path)
        if not any(name == rule or name.startswith(f"{rule}.") for rule in rules)
    }
    assert not wrong


def test_every_module_of_the_house_is_read() -> None:
    assert len(MODULES) > 60


UNBOUNDED = {
    "worker.py",  # once, at the start
    "api/forms.py",  # of a file that the request itself has brought
}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_whoever_calls_a_file_system_does_not_wait_for_it_without_end(path: Path) -> None:
    is_known = str(path.relative_to(ROOT)) in UNBOUNDED
    assert is_known or "to_thread(" not in path.read_text(), "use services.file_calls"


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


@pytest.mark.parametrize("path", sorted((ROOT / "cli").glob("*.py")), ids=lambda path: path.name)
def test_a_command_reads_jobs_of_its_project_alone(path: Path) -> None:
    assert ".jobs.get(" not in path.read_text(), "use Session.job"
