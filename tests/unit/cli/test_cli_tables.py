"""What commands list fits 80 columns, and is never cut where a program reads it."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from sheaf.cli import job_output, keys, look, output
from sheaf.contracts.apis import JobApi, Scope
from sheaf.contracts.ids import new_id, new_job_id
from sheaf.contracts.states import ItemStatus, JobStatus, JobType
from sheaf.ledger.access.keys import ApiKey
from sheaf.ledger.items.listing import ItemRow
from sheaf.ledger.records import JobRow

NOW_US = 1_795_507_200_000_000  # 2026-11-24 08:00 UTC


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> io.StringIO:
    """What is printed, on a terminal of 80 columns where the test asks for one."""
    file = io.StringIO()
    console = Console(file=file, width=80, force_terminal=request.param, highlight=False)
    monkeypatch.setattr(output, "console", console)
    monkeypatch.setattr(look, "console", console)
    return file


def job(total: int) -> JobRow:
    return JobRow(
        id=new_job_id(),
        api=JobApi.BATCH,
        project_id="default",
        job_type=JobType.CLASSIFY,
        directory_id=None,
        request={},
        run={},
        parameters_hash="",
        engine_fingerprint="",
        unsupported_parameters=[],
        has_webhooks=False,
        status=JobStatus.COMPLETED,
        total=total,
        completed=total - 24,
        failed=4,
        skipped=20,
        cancelled=0,
        is_enumerated=True,
        carried_by=None,
        admitted_at=NOW_US,
        cancel_requested_at=None,
        reason=None,
        error_message=None,
        created_at=NOW_US,
        updated_at=NOW_US,
        started_at=None,
        completed_at=None,
    )


def key(name: str, expires_at: int | None, revoked_at: int | None = None) -> ApiKey:
    made = {"created_at": NOW_US, "expires_at": expires_at, "revoked_at": revoked_at}
    return ApiKey(
        id=new_id("key"),
        project_id="default",
        name=name,
        hint="sk-sheaf-AbC12",
        scope=Scope.WRITE,
        **made,
    )


def item(name: str, **found: object) -> ItemRow:
    nothing = dict.fromkeys(ItemRow.__dataclass_fields__)
    made = {"unique_id": name, "status": ItemStatus.COMPLETED, "output_metadata": found}
    return ItemRow(**{**nothing, **made})  # type: ignore[arg-type]


@pytest.mark.parametrize("printed", [True, False], indirect=True)
def test_batches_fit_80_columns_with_whole_ids(printed: io.StringIO) -> None:
    jobs = [job(26), job(123_456)]
    look.print_jobs(jobs, {})
    lines = printed.getvalue().splitlines()
    assert max(map(len, lines[1:])) <= 80
    assert f"{jobs[0].id} completed 22/26         4      11-24 08:00" in lines[1]
    assert f"{jobs[1].id} completed 123452/123456 4      11-24 08:00" in lines[2]


@pytest.mark.parametrize("printed", [True, False], indirect=True)
def test_a_batch_that_waits_shows_its_place(printed: io.StringIO) -> None:
    waiting = replace(job(0), status=JobStatus.PENDING, admitted_at=None)
    jobs = [job(123_456), waiting]
    look.print_jobs(jobs, {waiting.id: 1_000_000})
    lines = printed.getvalue().splitlines()
    assert max(map(len, lines[1:])) <= 80
    assert f"{waiting.id} pending   place 1000000 " in lines[2]


@pytest.mark.parametrize("printed", [True, False], indirect=True)
def test_keys_fit_80_columns_with_whole_ids(printed: io.StringIO) -> None:
    later = 4_102_444_800_000_000  # the year 2100
    made = [key("dashboard", None), key("ci", later), key("gone", None, NOW_US)]
    keys.print_keys(made)
    lines = printed.getvalue().splitlines()
    assert max(map(len, lines[1:])) <= 80
    assert [line.split() for line in lines[1:]] == [
        [made[0].id, "AbC12…", "write", "never", "default", "dashboard"],
        [made[1].id, "AbC12…", "write", "2100-01-01", "default", "ci"],
        [made[2].id, "AbC12…", "write", "revoked", "default", "gone"],
    ]


@pytest.mark.parametrize("printed", [True, False], indirect=True)
def test_items_have_whole_names_and_say_where_no_class_fits(printed: io.StringIO) -> None:
    name = "folder/" * 20 + "file.txt"
    look.print_items([item(name, type=None, confidence=0.65), item("b", type="x", confidence=1)])
    text = printed.getvalue()
    assert "…" not in text
    flat = "".join(text.split())
    assert "norulematchesclearly(0.65)" in flat.replace("│", "")
    assert "x(1.00)" in flat.replace("│", "")
    if not text.startswith("┏"):
        assert any(line.startswith(f"{name} completed no rule") for line in text.splitlines())


def test_a_job_that_is_still_listed_says_so() -> None:
    assert job_output.total_text(replace(job(26), is_enumerated=False)) == "26+"
