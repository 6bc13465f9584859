"""`/api/v1/classifier/jobs`: classifying uploaded files, as older clients ask for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Path

from sheaf.api.dependencies.auth import Caller, CurrentCaller, State
from sheaf.api.dependencies.idempotency import Once
from sheaf.api.dependencies.job_lists import job_page
from sheaf.api.dependencies.paging import Page, PageSize, PageToken
from sheaf.api.dependencies.receivers import receivers_of
from sheaf.api.errors import InvalidError
from sheaf.api.presenters.batch_jobs import failure_message
from sheaf.api.presenters.tasks import classification
from sheaf.api.state import ApiState
from sheaf.contracts.apis import JobApi
from sheaf.contracts.http.batch import BatchJobCreate
from sheaf.contracts.http.classifier import (
    MAX_FILES,
    ClassifierJob,
    ClassifierJobCreate,
    ClassifierResult,
)
from sheaf.contracts.http.classify import ClassifyJob, ClassifyStatus
from sheaf.contracts.states import ItemStatus, JobStatus, JobType
from sheaf.jobs.service import Origin
from sheaf.ledger.files.uploads import UploadFilter, UploadLedger, UploadRow
from sheaf.ledger.items.listing import ItemListing, ItemRow
from sheaf.ledger.jobs.listing import JobFilter, JobListing
from sheaf.ledger.jobs.receivers import NewReceivers
from sheaf.ledger.records import JobRow, NotFoundError
from sheaf.rules.parameters.parameters import unsupported_parameters
from sheaf.rules.times import moment
from sheaf.rules.webhooks.events import never_sent

router = APIRouter(prefix="/api/v1/classifier/jobs", tags=["classifier"])

DEFAULT_PAGE = 50
_APIS = (JobApi.CLASSIFIER,)

JobId = Annotated[str, Path(max_length=64, examples=["0192f0c1-a2b3-7c4d-8e9f-001122334455"])]

_STATUSES = {
    JobStatus.PENDING: ClassifyStatus.PENDING,
    JobStatus.RUNNING: ClassifyStatus.PENDING,
    JobStatus.DISPATCHED: ClassifyStatus.PENDING,
    JobStatus.FAILED: ClassifyStatus.ERROR,
    JobStatus.CANCELLED: ClassifyStatus.CANCELLED,
}
_ITEM_STATUSES = {
    ItemStatus.PENDING: ClassifyStatus.PENDING,
    ItemStatus.PROCESSING: ClassifyStatus.PENDING,
    ItemStatus.COMPLETED: ClassifyStatus.SUCCESS,
    ItemStatus.FAILED: ClassifyStatus.ERROR,
    ItemStatus.CANCELLED: ClassifyStatus.CANCELLED,
}


@dataclass(frozen=True)
class Found:
    """A job of this address, or the job of one item of a classify batch."""

    job: JobRow
    item: ItemRow | None

    @property
    def id(self) -> str:
        """The id that it was asked by."""
        return self.item.task_id if self.item else str(self.job.public_id)

    @property
    def status(self) -> ClassifyStatus:
        """Its state; a job of which only some files failed has succeeded in part."""
        if self.item and self.item.status is ItemStatus.SKIPPED:
            return ClassifyStatus.SUCCESS if self.item.result_id else ClassifyStatus.ERROR
        if self.item:
            return _ITEM_STATUSES[self.item.status]
        if self.job.status is not JobStatus.COMPLETED:
            return _STATUSES[self.job.status]
        if not self.job.failed:
            return ClassifyStatus.SUCCESS
        is_partly = self.job.failed < self.job.total
        return ClassifyStatus.PARTIAL_SUCCESS if is_partly else ClassifyStatus.ERROR


@router.post("")
async def create_classifier_job(
    body: ClassifierJobCreate, once: Once, caller: CurrentCaller, state: State
) -> ClassifierJob:
    """Classify uploaded files; one named twice is classified once."""
    ids = list(dict.fromkeys(map(str, body.file_ids)))
    rows, _ = await UploadLedger(state.database).page(
        caller.project_id, UploadFilter(ids=ids), (("id", False),), None, MAX_FILES
    )
    uploads = {row.id: row for row in rows}
    missing = [file_id for file_id in ids if file_id not in uploads]
    if missing:
        named = ", ".join(missing[:5])
        raise InvalidError(("body", "file_ids"), f"file_ids: no such files: {named}")

    receivers = await receivers_of(caller, state, body.webhook_configurations)

    async def make(reserved_id: str) -> ClassifierJob:
        files = [uploads[file_id] for file_id in ids]
        job = await _create(body, files, reserved_id, receivers, caller, state)
        return _to_response(Found(job, None))

    return await once(body, make, ClassifierJob)


@router.get("")
async def list_classifier_jobs(
    caller: CurrentCaller,
    state: State,
    page_size: PageSize = DEFAULT_PAGE,
    page_token: PageToken = None,
) -> Page[ClassifierJob]:
    """List the jobs of this address, newest first."""
    asked = JobFilter(caller.project_id, _APIS)
    rows, token = await job_page(state, asked, page_size, page_token)
    return Page(items=[_to_response(Found(row, None)) for row in rows], next_page_token=token)


@router.get("/{job_id}")
async def get_classifier_job(job_id: JobId, caller: CurrentCaller, state: State) -> ClassifierJob:
    """Return a job; the `job_id` of an item of a classify batch is one too."""
    return _to_response(await _found(job_id, caller, state))


@router.get("/{job_id}/results")
async def get_classifier_results(
    job_id: JobId, caller: CurrentCaller, state: State
) -> Page[ClassifierResult]:
    """Return the class of each file of a job."""
    found = await _found(job_id, caller, state)
    items: Sequence[ItemRow] = [found.item] if found.item else ()
    if not found.item:
        items = await ItemListing(state.database).after(found.job.id, limit=MAX_FILES)
    results = [_result(found, item) for item in items]
    return Page(items=results, total_size=len(results))


async def _found(job_id: str, caller: Caller, state: ApiState) -> Found:
    try:
        return Found(await JobListing(state.database).get(caller.project_id, _APIS, job_id), None)
    except NotFoundError:
        task = await state.single_jobs.get(caller.project_id, job_id)
    if task.job.job_type is not JobType.CLASSIFY:
        raise HTTPException(404, f"{job_id} is a parse job: /api/v2/parse/{job_id} shows it")
    return Found(task.job, task.item)


async def _create(
    body: ClassifierJobCreate,
    files: Sequence[UploadRow],
    reserved_id: str,
    receivers: NewReceivers,
    caller: Caller,
    state: ApiState,
) -> JobRow:
    config = ClassifyJob(
        rules=body.rules, mode=body.mode, parsing_configuration=body.parsing_configuration
    )
    unsupported = [
        *unsupported_parameters(config),
        *never_sent(body.webhook_configurations),
    ]
    hidden = await state.single_jobs.hide(caller.project_id, files, reserved_id)
    origin = Origin(
        api=JobApi.CLASSIFIER,
        job_id=f"bjb-{reserved_id}",
        public_id=str(UUID(reserved_id)),
        unsupported=tuple(unsupported),
    )
    request = BatchJobCreate(item_ids=tuple(hidden), job_config=config)
    return await state.jobs.create(caller.project_id, request, origin=origin, receivers=receivers)


def _to_response(found: Found) -> ClassifierJob:
    job, item = found.job, found.item
    config = BatchJobCreate.model_validate(job.request).job_config
    assert isinstance(config, ClassifyJob)
    updated = (item.completed_at or item.started_at) if item else job.updated_at
    return ClassifierJob(
        id=found.id,
        project_id=job.project_id,
        user_id=job.project_id,
        status=found.status,
        rules=list(config.rules),
        mode=config.mode,
        parsing_configuration=config.parsing_configuration,
        error_message=failure_message(item) if item else job.error_message,
        job_record_id=job.id,
        unsupported_parameters=job.unsupported_parameters,
        effective_at=moment(updated or job.created_at),
        created_at=moment(job.created_at),
        updated_at=moment(updated or job.created_at),
    )


def _result(found: Found, item: ItemRow) -> ClassifierResult:
    return ClassifierResult(
        id=item.task_id,
        classify_job_id=found.id,
        file_id=item.upload_id or item.file_id,
        result=classification(item),
        error_message=failure_message(item),
        created_at=moment(found.job.created_at),
        updated_at=moment(item.completed_at or found.job.created_at),
    )
