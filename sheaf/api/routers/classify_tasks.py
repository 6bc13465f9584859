"""`/api/v2/classify`: classifying one file, as a batch of one."""

import hashlib
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query

from sheaf.api.dependencies.auth import Caller, CurrentCaller, State
from sheaf.api.dependencies.idempotency import Once
from sheaf.api.dependencies.job_lists import (
    JobIds,
    TaskId,
    cancelled,
    deleted,
    job_page,
    single_job_filter,
)
from sheaf.api.dependencies.paging import Page, PageToken
from sheaf.api.dependencies.receivers import named_receivers
from sheaf.api.errors import InvalidError
from sheaf.api.presenters.tasks import classify_task, place_of
from sheaf.api.state import ApiState
from sheaf.contracts.apis import JobApi
from sheaf.contracts.http.classify import ClassifyJob
from sheaf.contracts.http.classify_v2 import (
    ClassifyConfiguration,
    ClassifyCreate,
    ClassifyTask,
    TaskStatus,
)
from sheaf.contracts.http.directories import Moment
from sheaf.contracts.http.parse_tasks import Deleted
from sheaf.contracts.states import JobType
from sheaf.jobs.configurations import Configurations, WrongProductError
from sheaf.jobs.single_jobs import Task
from sheaf.ledger.files.uploads import UploadLedger
from sheaf.ledger.records import NotFoundError
from sheaf.rules.parameters.classify_v2 import classify_job
from sheaf.rules.webhooks.events import never_sent

router = APIRouter(prefix="/api/v2/classify", tags=["classify"])

DEFAULT_PAGE = 20
MAX_PAGE = 100


@router.post("")
async def create_classify_job(
    body: ClassifyCreate, once: Once, caller: CurrentCaller, state: State
) -> ClassifyTask:
    """Classify an uploaded file, or the file of a parse job."""
    configuration = await _configuration(body, caller, state)
    config = _checked(configuration)
    receivers = await named_receivers(body, caller, state)
    reported = never_sent(body.webhook_configurations)

    async def make(reserved_id: str) -> ClassifyTask:
        if body.transaction_id:
            reserved_id = _of_transaction(caller.project_id, body.transaction_id)
            known = await _known(reserved_id, caller, state)
            if known:
                return known
        file_id, kind = await _input(body.input_id, reserved_id, caller, state)
        echo = {
            "configuration": configuration.model_dump(mode="json"),
            "configuration_id": body.configuration_id,
            "document_input_type": kind,
            "file_input": body.input_id,
            "transaction_id": body.transaction_id,
        }
        task = await state.single_jobs.create(
            caller.project_id,
            JobApi.CLASSIFY,
            file_id,
            config,
            reserved_id,
            echo,
            reported,
            receivers,
        )
        if body.transaction_id and await _known(reserved_id, caller, state) is None:
            raise InvalidError(
                ("body", "transaction_id"),
                "transaction_id: its job was deleted. Send a new transaction_id.",
            )
        return classify_task(task)

    return await once(body, make, ClassifyTask)


@router.get("")
async def list_classify_jobs(
    caller: CurrentCaller,
    state: State,
    *,
    status: TaskStatus | None = None,
    job_ids: JobIds = None,
    configuration_id: Annotated[str | None, Query(max_length=64)] = None,
    created_at_on_or_after: Moment | None = None,
    created_at_on_or_before: Moment | None = None,
    page_size: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
    page_token: PageToken = None,
) -> Page[ClassifyTask]:
    """List the jobs of single files, newest first; those of batches are listed by their batch."""
    created = (created_at_on_or_after, created_at_on_or_before)
    asked = single_job_filter(caller, JobApi.CLASSIFY, status, job_ids, created)
    asked = replace(asked, configuration_id=configuration_id or None)
    rows, token = await job_page(state, asked, page_size, page_token)
    return Page(
        items=[classify_task(task) for task in await state.single_jobs.tasks(rows)],
        next_page_token=token,
    )


@router.get("/{job_id}")
async def get_classify_job(
    job_id: TaskId,
    caller: CurrentCaller,
    state: State,
    expand: Annotated[list[str], Query(max_length=10)] = [],  # noqa: B006 - FastAPI copies it
) -> ClassifyTask:
    """Return the classify job of a file, of a batch too, with its result once there is one.

    Everything is shown but `queue_position`, which `expand` has to name.
    """
    task = await _classifying(job_id, caller, state)
    return classify_task(task, await place_of(task, state, expand))


@router.post("/{job_id}/cancel")
async def cancel_classify_job(job_id: TaskId, caller: CurrentCaller, state: State) -> ClassifyTask:
    """Cancel the job of a single file; one that has ended stays as it is."""
    await _classifying(job_id, caller, state)
    return classify_task(await cancelled(job_id, caller, state))


@router.delete("/{job_id}")
async def delete_classify_job(job_id: TaskId, caller: CurrentCaller, state: State) -> Deleted:
    """Delete the job of a single file and its result; the file stays."""
    await _classifying(job_id, caller, state)
    return await deleted(job_id, caller, state)


async def _classifying(job_id: str, caller: Caller, state: ApiState) -> Task:
    task = await state.single_jobs.get(caller.project_id, job_id)
    if task.job.job_type is not JobType.CLASSIFY:
        raise HTTPException(404, f"{job_id} is a parse job: /api/v2/parse/{job_id} shows it")
    return task


async def _configuration(
    body: ClassifyCreate, caller: Caller, state: ApiState
) -> ClassifyConfiguration:
    if body.configuration:
        return body.configuration
    configuration_id = body.configuration_id or ""
    try:
        return await Configurations(state.database).classify(caller.project_id, configuration_id)
    except (NotFoundError, WrongProductError) as error:
        raise InvalidError(("body", "configuration_id"), str(error)) from error


def _checked(configuration: ClassifyConfiguration) -> ClassifyJob:
    try:
        return classify_job(configuration)
    except ValueError as error:
        field = ("body", "configuration", "parsing_configuration", "target_pages")
        raise InvalidError(field, str(error)) from error


async def _input(
    input_id: str, reserved_id: str, caller: Caller, state: ApiState
) -> tuple[str, str]:
    """Return the directory file that an input stands for, and what kind of input it is."""
    try:
        upload = await UploadLedger(state.database).get(caller.project_id, input_id)
    except NotFoundError:
        pass
    else:
        (file_id,) = await state.single_jobs.hide(caller.project_id, [upload], reserved_id)
        return file_id, "file_id"
    try:
        task = await state.single_jobs.get(caller.project_id, input_id)
    except NotFoundError as error:
        raise InvalidError(
            ("body", "file_input"),
            f"file_input: {input_id[:64]} is no uploaded file and no parse job of this project",
        ) from error
    return task.item.file_id, "parse_job_id"


async def _known(reserved_id: str, caller: Caller, state: ApiState) -> ClassifyTask | None:
    try:
        task = await state.single_jobs.get(caller.project_id, str(UUID(reserved_id)))
    except NotFoundError:
        return None
    return classify_task(task)


def _of_transaction(project_id: str, transaction_id: str) -> str:
    """Return 32 digits that are always the same for a transaction of a project."""
    return hashlib.sha256(f"{project_id}\0{transaction_id}".encode()).hexdigest()[:32]
