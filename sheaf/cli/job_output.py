"""Jobs and their items as commands print them."""

from typing import Any

from sheaf.cli.output import at
from sheaf.contracts.states import JobStatus
from sheaf.ledger.items.listing import ItemRow
from sheaf.ledger.records import JobRow


def total_text(job: JobRow) -> str:
    """Return how many files a job has; `+` says that they are still being counted."""
    return str(job.total) if job.is_enumerated else f"{job.total}+"


def job_json(
    job: JobRow, kinds: dict[str, int] | None = None, place: int | None = None
) -> dict[str, Any]:
    """Return a job as `--json` prints it."""
    value: dict[str, Any] = {
        "id": job.id,
        "job_type": job.job_type,
        "status": job.status,
        "queue_position": place,
        "directory_id": job.directory_id,
        "total_items": job.total,
        "is_enumerated": job.is_enumerated,
        "completed": job.completed,
        "failed": job.failed,
        "skipped": job.skipped,
        "cancelled": job.cancelled,
        "unsupported_parameters": job.unsupported_parameters,
        "reason": job.reason,
        "error_message": job.error_message,
        "created_at": at(job.created_at),
        "started_at": at(job.started_at),
        "completed_at": at(job.completed_at),
    }
    return value if kinds is None else value | {"failures": kinds}


def item_json(item: ItemRow) -> dict[str, Any]:
    """Return an item as `--json` and manifests have it."""
    return {
        "item_id": item.file_id,
        "job_id": item.task_id,
        "name": item.unique_id,
        "status": item.status,
        "failure_kind": item.failure_kind,
        "error_message": item.error_message,
        "skip_reason": item.skip_reason,
        "attempts": item.attempts,
        "result_id": item.result_id,
        "output_metadata": item.output_metadata,
        "started_at": at(item.started_at),
        "completed_at": at(item.completed_at),
    }


def exit_code(job: JobRow) -> int:
    """Return the exit code that tells a job's end."""
    if job.status is not JobStatus.COMPLETED:
        return 1
    return 3 if job.failed else 0


def counts_line(job: JobRow) -> str:
    """Return a job's counts in words."""
    parts = [f"{job.completed} completed", f"{job.failed} failed", f"{job.skipped} skipped"]
    if job.cancelled:
        parts.append(f"{job.cancelled} cancelled")
    return ", ".join(parts)
