"""Recorded histories still replay: the guard against non-deterministic changes."""

from pathlib import Path

import pytest

from tests.replay.recorded import HISTORIES, is_open, kind, read, replayer, scenario


def test_the_recorded_shapes_are_all_there() -> None:
    assert {scenario(path) for path in HISTORIES} >= {
        *("empty-directory", "one-file", "page-edge", "page-edge-and-one", "failures", "skips"),
        *("retry", "left-unsettled", "continue-as-new", "file-per-activity", "joined-pages"),
        *("small-job", "small-job-left", "small-job-away", "small-job-cancel", "not-a-small-job"),
        *("adopted", "cancel", "delivery", "fault-in-settle", "fault-in-plan"),
        *("listing-fails", "ledger-cancel", "page-continues", "page-reports", "long-page-cancel"),
        *("delivery-fault", "cancel-of-the-failed", "small-jobs"),
        *("open-batch", "open-listing", "open-joined", "open-continued", "open-long-page"),
        *("open-again", "left-in-two-places", "asks-for-slots", "own-tunables"),
    }


def test_open_runs_of_every_workflow_of_a_batch_are_among_them() -> None:
    still_open = {kind(path) for path in HISTORIES if is_open(path)}
    assert still_open >= {"batch", "page", "enumeration", "delivery"}
    parents = [one for one in HISTORIES if scenario(one).startswith("open-") and is_open(one)]
    assert {scenario(one) for one in parents if kind(one) == "batch"} == {
        scenario(one) for one in HISTORIES if scenario(one).startswith("open-")
    }


def test_a_continued_batch_carries_open_pages() -> None:
    carried = 0
    for path in HISTORIES:
        if path.stem.startswith("continue-as-new"):
            carried += '"workflowExecutionContinuedAsNewEventAttributes"' in path.read_text()
    assert carried >= 3


def test_a_continued_page_carries_what_it_has_left() -> None:
    runs = sorted(HISTORIES[0].parent.glob("page-continues-*-page.json"))
    carried = [run for run in runs if '"continuedExecutionRunId"' in run.read_text()]
    assert len(runs) > len(carried) >= 3


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_recorded_history_replays(path: Path) -> None:
    await replayer().replay_workflow(read(path))
