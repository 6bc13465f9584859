"""Jobs of single files as the v2 APIs show them."""

from collections.abc import Sequence
from typing import Any

from sheaf.api.presenters.batch_jobs import failure_message, job_config
from sheaf.api.state import ApiState
from sheaf.contracts.documents import Classification
from sheaf.contracts.http.classify_v2 import ClassifyTask, TaskStatus
from sheaf.contracts.http.parse_tasks import ParseTask
from sheaf.contracts.states import ItemStatus, JobStatus, JobType
from sheaf.jobs.single_jobs import Task
from sheaf.ledger.items.listing import ItemRow
from sheaf.ledger.jobs.admissions import AdmissionLedger
from sheaf.rules.times import moment

_STATUSES = {
    ItemStatus.PENDING: TaskStatus.PENDING,
    ItemStatus.PROCESSING: TaskStatus.RUNNING,
    ItemStatus.COMPLETED: TaskStatus.COMPLETED,
    ItemStatus.FAILED: TaskStatus.FAILED,
    ItemStatus.CANCELLED: TaskStatus.CANCELLED,
}

PLACE = "queue_position"
"""Of `expand`; ours."""

STATUS_FILTERS: dict[TaskStatus, tuple[tuple[JobStatus, ...], bool | None]] = {
    TaskStatus.PENDING: ((JobStatus.PENDING,), None),
    TaskStatus.RUNNING: ((JobStatus.RUNNING, JobStatus.DISPATCHED), None),
    TaskStatus.COMPLETED: ((JobStatus.COMPLETED,), False),
    TaskStatus.FAILED: ((JobStatus.COMPLETED, JobStatus.FAILED), True),
    TaskStatus.CANCELLED: ((JobStatus.CANCELLED,), None),
}
"""The states of a single job for each state of its task, and whether its item failed."""


def task_status(task: Task) -> TaskStatus:
    """Return the state of a file's job.

    A single job is shown as its batch of one is, so that lists by status agree with what they
    show; the item may have ended a moment earlier.
    """
    if task.is_single and not task.job.status.is_terminal:
        is_new = task.job.status is JobStatus.PENDING
        return TaskStatus.PENDING if is_new else TaskStatus.RUNNING
    if task.item.status is ItemStatus.SKIPPED:
        return TaskStatus.COMPLETED if task.item.result_id else TaskStatus.FAILED
    return _STATUSES[task.item.status]


def parse_task(task: Task, place: int | None = None) -> ParseTask:
    """Return a file's job as a parse job, with its place in the queue where it was looked up."""
    echo = task.job.echo or {}
    return ParseTask(
        id=task.item.task_id,
        project_id=task.job.project_id,
        status=task_status(task),
        name=task.item.display_name,
        tier=(echo.get("configuration") or {}).get("tier", "fast"),
        error_message=_error(task.item),
        user_metadata=echo.get("user_metadata"),
        unsupported_parameters=task.job.unsupported_parameters,
        queue_position=place,
        created_at=moment(task.job.created_at),
        updated_at=moment(_updated(task)),
    )


def classify_task(task: Task, place: int | None = None) -> ClassifyTask:
    """Return a file's job as a classify job; its input is the directory file where it is no other.

    Only for jobs that classify; with its place in the queue where it was looked up.
    """
    echo = task.job.echo or {}
    kind = echo.get("document_input_type", "file_id")
    is_done = task_status(task) is TaskStatus.COMPLETED
    return ClassifyTask(
        id=task.item.task_id,
        project_id=task.job.project_id,
        user_id=task.job.project_id,
        status=task_status(task),
        file_input=echo.get("file_input", task.item.file_id),
        document_input_type=kind,
        configuration=configuration(task),
        configuration_id=echo.get("configuration_id"),
        transaction_id=echo.get("transaction_id"),
        parse_job_id=echo.get("file_input") if kind == "parse_job_id" else None,
        result=classification(task.item) if is_done else None,
        error_message=_error(task.item),
        unsupported_parameters=task.job.unsupported_parameters,
        queue_position=place,
        created_at=moment(task.job.created_at),
        updated_at=moment(_updated(task)),
    )


async def place_of(task: Task, state: ApiState, expand: Sequence[str]) -> int | None:
    """Return the place of a job that waits for others, where `expand` asks for it.

    Only then: it reads all jobs that wait, and clients ask for the status of each every second.
    """
    if PLACE not in expand:
        return None
    return await AdmissionLedger(state.database).place(task.job)


def classification(item: ItemRow) -> Classification | None:
    """Return the class of an item's file, or None when it has none (yet)."""
    found = item.output_metadata
    if item.result_id is None or not found or "confidence" not in found:
        return None
    return Classification.model_validate(found)


def configuration(task: Task) -> dict[str, Any]:
    """Return what a file's job was asked for, in the words of the API that made it."""
    asked = (task.job.echo or {}).get("configuration")
    if asked is not None:
        return dict(asked)
    config = job_config(task.job.request, task.item.task_id, task.job.project_id)
    if task.job.job_type is not JobType.CLASSIFY:
        return config
    reading = config.get("parsing_configuration") or {}
    pages = reading.get("target_pages")
    parsing = {
        "lang": reading.get("lang", "en"),
        "max_pages": reading.get("max_pages"),
        # Counted from 1 here, and from 0 in the batch contract.
        "target_pages": None if pages is None else ",".join(str(page + 1) for page in pages),
    }
    return {"rules": config["rules"], "mode": config["mode"], "parsing_configuration": parsing}


def _error(item: ItemRow) -> str | None:
    return failure_message(item) or (item.skip_reason if item.result_id is None else None)


def _updated(task: Task) -> int:
    item = task.item
    return item.completed_at or item.started_at or task.job.created_at
