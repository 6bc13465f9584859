"""docs/compatibility.md names every operation, and tells parameters as the rules do."""

import re
from pathlib import Path

from sheaf.contracts.http.parse_parameters import WITHHELD_PARAMETERS, BatchParseJobConfig
from sheaf.rules.parameters.parameters import HONOURED_PARAMETERS, PARTLY_HONOURED
from tests.api.conftest import Served

DOCUMENT = Path(__file__).parents[2] / "docs" / "compatibility.md"
OPEN = {"/livez", "/readyz", "/metrics", "/scaling"}


async def test_every_operation_is_named_once(served: Served) -> None:
    paths = (await served.client.get("/openapi.json")).json()["paths"]
    served_here = {
        f"{method.upper()} {path}"
        for path, operations in paths.items()
        for method in operations
        if path not in OPEN
    }
    rows = re.findall(r"^\| `([A-Z]+ /[^`]+)`", DOCUMENT.read_text(), flags=re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert set(rows) == served_here


def named(row: str) -> set[str]:
    line = next(line for line in DOCUMENT.read_text().splitlines() if line.startswith(f"| {row}"))
    return set(re.findall("`([A-Za-z0-9_]+)`", line)) & set(BatchParseJobConfig.model_fields)


def test_parameters_are_told_as_the_rules_take_them() -> None:
    assert named("honoured |") | named("recorded,") | PARTLY_HONOURED.keys() == HONOURED_PARAMETERS
    assert not named("honoured |") & PARTLY_HONOURED.keys()
    for name, what in PARTLY_HONOURED.items():
        assert f"| `{name}` | {what} |" in DOCUMENT.read_text()
    assert named("dropped before") == WITHHELD_PARAMETERS
    assert len(BatchParseJobConfig.model_fields) == 127
