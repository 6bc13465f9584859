"""Changes that a release must not make unpatched, planted: each fails the replay of histories.

`sheaf/rules` is Workflow code as much as `workflows/` is: what it decides becomes commands.
"""

from typing import Any

import pytest
from temporalio import workflow

from sheaf.contracts.temporal.page_runs import PageEnded, PageInput
from sheaf.rules.scheduling import page_scheduler, page_state
from tests.replay.recorded import HISTORIES, failures, kind, read, replayer, scenario
from workflows import children
from workflows.page import PageWorkflow

PageScheduler = page_scheduler.PageScheduler
next_range = PageScheduler.next_range


def one_more_ahead(scheduler: Any) -> bool:
    undrained = sum(not page.is_drained for page in scheduler.pages.values())
    waiting = scheduler.high_water_mark - scheduler.cursor
    return undrained < 3 and (bool(scheduler.redispatch) or waiting > 0)


def one_item_fewer(scheduler: Any, pages: int = 1) -> Any:
    taken = next_range(scheduler, pages)
    return taken.changed(last=max(taken.first, taken.last - 1))


def all_to_each(scheduler: Any) -> dict[str, int]:
    return {
        name: scheduler.concurrency for name, page in scheduler.pages.items() if not page.is_drained
    }


def one_slot_at_a_time(window: Any) -> bool:
    return not window.is_drained and window.in_flight < 1


PLANTED: dict[str, tuple[Any, str, Any]] = {
    "a third page that is started ahead": (PageScheduler, "may_start", property(one_more_ahead)),
    "pages of one item fewer": (PageScheduler, "next_range", one_item_fewer),
    "every slot for every page": (PageScheduler, "shares", all_to_each),
    "small pages go out one by one": (children, "coalesced_pages", lambda *_: 1),
    "ranges that are handed out again in one": (
        page_scheduler,
        "at_most",
        lambda ranges, most: [ranges[0].changed(last=max(one.last for one in ranges))],
    ),
    "reports at once": (page_state, "report_pause", lambda age, tunables: 0.0),
    "one slice at a time": (
        page_state.Window,
        "may_start",
        property(one_slot_at_a_time),
    ),
    "a page that never asks for slots": (
        page_state.PageState,
        "is_short_of_slots",
        property(lambda state: False),
    ),
}
SHAPES = (
    *("continue-as-new", "joined-pages", "left-unsettled", "page-continues", "page-reports"),
    *("open-batch", "open-again", "open-long-page", "left-in-two-places", "asks-for-slots"),
)


@pytest.mark.parametrize("change", PLANTED)
async def test_an_unpatched_change_of_the_rules_is_caught(
    change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, name, planted = PLANTED[change]
    monkeypatch.setattr(where, name, planted)
    found = await failures([path for path in HISTORIES if scenario(path) in SHAPES])
    assert any(isinstance(error, workflow.NondeterminismError) for error in found)


@workflow.defn(name="PageWorkflow")
class ChangedPageWorkflow(PageWorkflow):
    """A page whose first command is a timer that no recorded page has."""

    @workflow.init
    def __init__(self, input: PageInput) -> None:
        super().__init__(input)

    @workflow.run
    async def run(self, input: PageInput) -> PageEnded:
        await workflow.sleep(1)
        return await super().run(input)


async def test_a_planted_non_determinism_is_caught() -> None:
    path = next(path for path in HISTORIES if kind(path) == "page")
    with pytest.raises(workflow.NondeterminismError):
        await replayer(ChangedPageWorkflow).replay_workflow(read(path))
