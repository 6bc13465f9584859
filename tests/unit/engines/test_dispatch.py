"""From a request to a result, and the fingerprint of what makes it."""

import subprocess
import sys
from pathlib import Path

from sheaf.contracts.documents import ClassifierRule, EngineRequest
from sheaf.contracts.failures import FailureKind
from sheaf.engines.dispatch import handle
from sheaf.engines.fingerprint import fingerprint

RULES = (
    ClassifierRule(type="invoice", description="an invoice with an amount due"),
    ClassifierRule(type="recipe", description="a recipe with ingredients for cooking"),
)


def test_a_file_of_no_bytes_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.touch()
    failure = handle(EngineRequest(path=str(path), name="a.txt")).failure
    assert failure is not None
    assert failure.kind is FailureKind.EMPTY


def test_a_blank_document_has_no_class(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_text(" \n")
    result = handle(EngineRequest(path=str(path), name="a.txt", rules=RULES))
    assert result.failure is None
    assert result.classification is not None
    assert (result.classification.type, result.classification.confidence) == (None, 0)


def test_a_file_that_vanished_has_changed(tmp_path: Path) -> None:
    failure = handle(EngineRequest(path=str(tmp_path / "gone"), name="a.txt")).failure
    assert failure is not None
    assert failure.kind is FailureKind.SOURCE_CHANGED


def test_rules_add_a_class_to_the_document(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_text("Recipe. Ingredients: flour, eggs. Cook the dough and bake it.")
    result = handle(EngineRequest(path=str(path), name="a.txt", rules=RULES))
    assert result.document is not None
    assert result.classification is not None
    assert result.classification.type == "recipe"


def test_the_fingerprint_is_stable_and_loads_no_engine() -> None:
    code = (
        "import sys; from sheaf.engines.fingerprint import fingerprint; print(fingerprint());"
        "assert not {'liteparse', 'xberg', 'wordllama', 'numpy'} & set(sys.modules)"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == fingerprint()
