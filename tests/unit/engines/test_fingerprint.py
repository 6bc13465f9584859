"""What makes a result is part of what it is found by again."""

import ast
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from sheaf.engines import ocr
from sheaf.engines.fingerprint import ENGINE_PACKAGES, fingerprint, parts
from sheaf.ledger.tables import jobs

ROOT = Path(__file__).parents[3]
OURS = {"sheaf"}
NO_READERS = {"numpy", "psutil", "pydantic", "structlog", "yaml"}
"""They read nothing of a document: arrays, processes, models, logs, and rules of ours."""


def imported() -> set[str]:
    """Return the packages that engines import, also within functions."""
    found: set[str] = set()
    for path in (ROOT / "sheaf/engines").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - OURS - set(sys.stdlib_module_names) - NO_READERS


def test_every_library_that_reads_documents_is_in_the_fingerprint() -> None:
    packages = packages_distributions()
    used = {packages[name][0].lower().replace("_", "-") for name in imported()}
    assert used == set(ENGINE_PACKAGES)
    assert len(parts()) == len(used) + 1


def test_it_changes_with_the_languages_and_fits_its_column_with_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = set()
    for count in (0, 1, 160):
        languages = tuple(f"lang_{number}" for number in range(count))
        monkeypatch.setattr(ocr, "installed_languages", lambda found=languages: found)
        told.add(fingerprint())
    assert len(told) == 3
    assert max(map(len, told)) <= jobs.c.engine_fingerprint.type.length
