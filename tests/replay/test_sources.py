"""Workflow code does not change by accident, not even where no history would show it."""

import ast

import pytest

from tests.replay.sources import fingerprint, recorded, sources

WHAT_TO_DO = """{modules} changed, and Workflows run what is there: an open batch is replayed by it.

Do its commands, their order or their ids change, for any history?
  no:  `python -m tests.replay.sources` replays what is recorded and writes sources.txt; commit it.
  yes: patch it or have it travel in the input, add a history (docs/deploys.md), then do the same.
"""


def test_workflow_code_is_what_was_last_shown_to_replay() -> None:
    now, then = sources(), recorded()
    changed = sorted(one for one in now.keys() | then.keys() if now.get(one) != then.get(one))
    assert not changed, WHAT_TO_DO.format(modules=", ".join(changed))


def test_what_workflows_decide_by_is_among_it() -> None:
    assert sources().keys() >= {
        *("workflows.batch", "workflows.page", "workflows.children", "workflows.delivery"),
        *("sheaf.rules.scheduling.page_scheduler", "sheaf.rules.scheduling.slice_window"),
        *("sheaf.contracts.temporal.tunables", "sheaf.contracts.temporal.runs"),
        *("activities.signatures", "sheaf.contracts.ids"),
    }


@pytest.mark.parametrize(
    ("changed", "is_seen"),
    [
        ('def f(a):\n    """Other words."""\n    return a + 1  # why\n', False),
        ("def f(a):\n    return a + 2\n", True),
        ("def f(a, b=0):\n    return a + 1\n", True),
    ],
)
def test_a_fingerprint_is_of_what_code_does(changed: str, is_seen: bool) -> None:
    before = fingerprint(ast.parse('def f(a):\n    """Words."""\n    return a + 1\n'))
    assert (fingerprint(ast.parse(changed)) != before) == is_seen
