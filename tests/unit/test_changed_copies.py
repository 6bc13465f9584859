"""What is changed is checked: no copy of a model takes values that its fields would refuse."""

import ast
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from sheaf.config import Settings
from sheaf.contracts.temporal.runs import BatchInput, OpenPage, RunLimits
from sheaf.rules.scheduling.batch_state import BatchState

ROOT = Path(__file__).parents[2]
UNCHECKED = frozenset({"model_copy", "model_construct"})
"""Ways of pydantic to make a model of values that nobody checks; `changed` is ours, which does."""


def unchecked(path: Path) -> list[str]:
    """Return where a module makes a model so."""
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in UNCHECKED
    ]


def test_no_module_makes_a_model_of_values_that_nobody_checks() -> None:
    modules = [
        path
        for path in ROOT.rglob("*.py")
        if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    ]
    assert len(modules) > 300
    assert [found for path in modules for found in unchecked(path)] == []


def test_a_parent_carries_over_nothing_that_its_next_run_cannot_read() -> None:
    state = BatchState(BatchInput(job_id="job", page_files=10, threshold=10))
    state.fault = "x" * 501
    with pytest.raises(ValidationError, match="fault"):
        state.carried()


def test_a_changed_payload_keeps_the_rest_and_has_no_other_fields() -> None:
    page = OpenPage(first=1, last=9, slots=3)
    assert page.changed(is_drained=True) == OpenPage(first=1, last=9, slots=3, is_drained=True)
    with pytest.raises(TypeError, match="longest_seconds"):
        RunLimits().changed(longest_seconds=3)


def test_changed_settings_are_checked_and_keep_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(signing_key=SecretStr("k" * 32), source_roots=(Path("/in"),))
    monkeypatch.setenv("SHEAF_SIGNING_KEY", "e" * 32)
    changed = settings.changed(api_port=0)
    assert changed.api_port == 0
    assert (changed.signing_key, changed.source_roots) == (settings.signing_key, (Path("/in"),))
    with pytest.raises(ValidationError, match="api_port"):
        settings.changed(api_port=70_000)
    with pytest.raises(TypeError, match="api_prot"):
        settings.changed(api_prot=1)
