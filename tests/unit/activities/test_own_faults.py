"""Faults of our own in an Activity are counted in a row, and end it."""

import ast
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.own_faults import MAX_OWN_FAULTS, EndsOnOwnFaults

ROOT = Path(__file__).parents[3]
OUTAGE = ConnectionResetError("away")
FAULT = KeyError("skipped")
INPUT = ExecuteActivityInput(fn=print, args=[], executor=None, headers={})


class Attempts(ActivityInboundInterceptor):
    """Raises one error after the other, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        if self.errors:
            raise self.errors.pop(0)
        return "done"


async def told(*errors: Exception) -> list[bool | str]:
    """Return of each attempt whether its error was for good, or what it answered."""
    chain = EndsOnOwnFaults().intercept_activity(Attempts(*errors))
    found: list[bool | str] = []
    for _ in range(len(errors) + 1):
        try:
            found.append(await ActivityEnvironment().run(chain.execute_activity, INPUT))
        except ApplicationError as error:
            found.append(error.non_retryable)
        except (KeyError, OSError):
            found.append(False)
    return found


def counted() -> float:
    return REGISTRY.get_sample_value("sheaf_activities_failed_for_good_total") or 0.0


async def test_the_fifth_fault_in_a_row_is_for_good_and_counted() -> None:
    before = counted()
    assert await told(*[FAULT] * MAX_OWN_FAULTS) == [False] * 4 + [True, "done"]
    assert counted() == before + 1


async def test_an_outage_is_never_for_good_and_begins_the_count_anew() -> None:
    before = counted()
    errors = [*[FAULT] * 4, OUTAGE, *[FAULT] * 4, *[OUTAGE] * 20]
    assert await told(*errors) == [False] * len(errors) + ["done"]
    assert counted() == before


async def test_what_a_slice_asks_to_have_tried_again_is_left_to_it() -> None:
    errors = [ApplicationError("slow down", type="RateLimited")] * 9
    assert await told(*errors) == [False] * 9 + ["done"]


async def test_the_reason_is_told_by_its_kind_and_its_text() -> None:
    chain = EndsOnOwnFaults().intercept_activity(Attempts(*[FAULT] * MAX_OWN_FAULTS))
    for _ in range(MAX_OWN_FAULTS - 1):
        with pytest.raises(KeyError):
            await ActivityEnvironment().run(chain.execute_activity, INPUT)
    with pytest.raises(ApplicationError, match=r"^KeyError: 'skipped'$"):
        await ActivityEnvironment().run(chain.execute_activity, INPUT)


@pytest.mark.parametrize("name", ["worker.py", "webhook_worker.py"])
def test_every_worker_of_activities_ends_those_that_keep_failing_by_our_fault(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text())
    made = [
        {argument.arg: ast.unparse(argument.value) for argument in node.keywords}
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Worker"
    ]
    assert made
    for arguments in made:
        if "activities" in arguments:
            assert "EndsOnOwnFaults()" in arguments["interceptors"]


def test_no_other_module_makes_a_worker() -> None:
    folders = ("activities", "sheaf", "workflows")
    modules = [
        *ROOT.glob("*.py"),
        *(path for one in folders for path in (ROOT / one).rglob("*.py")),
    ]
    makers = {
        path.name
        for path in modules
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Worker"
    }
    assert makers == {"worker.py", "webhook_worker.py"}
