"""Jobs as a whole: a row in the ledger and a Workflow in Temporal.

The row comes first and is the acceptance: a create needs no Temporal. The job then waits in the
ledger until a worker admits it (`sheaf.jobs.admitter`). The Workflow's start is idempotent by the
job's id, so whoever finds an admitted row without a Workflow may start it: that worker, or the
sweeper.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from pydantic import BaseModel
from temporalio.client import Client
from temporalio.common import (
    Priority,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from sheaf.contracts.apis import JobApi
from sheaf.contracts.http.batch import BatchJobCreate
from sheaf.contracts.http.job_config import BatchParseJobRecordCreate
from sheaf.contracts.ids import batch_workflow_id, new_job_id
from sheaf.contracts.states import JobType
from sheaf.contracts.temporal import attributes
from sheaf.contracts.temporal.queues import BATCHES
from sheaf.contracts.temporal.runs import BatchInput, RunLimits
from sheaf.contracts.temporal.small_jobs import RunSmallJobInput, RunSmallJobsInput
from sheaf.jobs.search_attributes import keywords, of_job
from sheaf.ledger.files.directories import DirectoryLedger
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.jobs.receivers import NewReceivers
from sheaf.ledger.records import JobRow, NewJob, NotFoundError
from sheaf.processing.output_copies import check_output
from sheaf.rules.parameters.file_times import longest_file_seconds
from sheaf.rules.parameters.parameters import parameters_hash, unsupported_parameters
from sheaf.rules.parameters.parse_options import parse_options
from sheaf.rules.parameters.s3_locations import S3Location
from sheaf.rules.scheduling.inline import MOST_INLINE_FILE_SECONDS
from sheaf.rules.scheduling.tunables import NEW_JOBS
from sheaf.webhooks.receivers import Receivers

log = structlog.get_logger(__name__)

RPC_TIMEOUT = timedelta(seconds=5)
_AWAY = (RPCError, RuntimeError)
"""What a call raises while Temporal is away; the second by a client that has yet to connect."""

MAX_FILES_PER_ACTIVITY_PAGE = 500
"""Items of a page where each has its own Activity: three events each keep it under 2,000."""

ITEM_MODE_PAGE = 1000
ITEM_MODE_THRESHOLD = 20_000
"""Page and threshold of a list of items, where the contract's two numbers do not apply."""

MOST_SMALL_ITEMS = 20
"""Files of a list that make a small job (`sheaf.rules.scheduling.admission`): a moment's work for
one worker."""

_PRIORITY_KEYS = {"critical": 1, "high": 2, "medium": 3, "low": 4}


@dataclass(frozen=True)
class Origin:
    """The API that a job comes from, and the ids that it already has there."""

    api: JobApi = JobApi.BATCH
    job_id: str | None = None
    """Reserved for the job, so that making it again makes the same one."""
    public_id: str | None = None
    task_id: str | None = None
    """Of the one item of a job that was named by a single file; it is not enumerated."""
    echo: dict[str, Any] | None = None
    unsupported: tuple[str, ...] | None = None
    """What is not honoured, in the words of that API; None takes the batch contract's."""


class JobService:
    """Creates, starts and cancels jobs.

    Args:
        client: Temporal; jobs can be created without it being reachable.
        fingerprint: names and versions of the engines of this deployment.
        limits: bounds of the runs, from the settings.
        concurrency: slices of a job at once when the caller names no number.
        starts_eagerly: whether a job may begin on the worker that starts it; not where workers
            have versions, since that one may be no longer the current one.
    """

    def __init__(
        self,
        jobs: JobLedger,
        directories: DirectoryLedger,
        client: Client,
        receivers: Receivers,
        *,
        fingerprint: str,
        limits: RunLimits,
        concurrency: int,
        starts_eagerly: bool = True,
        outputs: Mapping[str, Sequence[S3Location]] | None = None,
    ) -> None:
        self._outputs = outputs or {}
        self._jobs = jobs
        self._directories = directories
        self._client = client
        self._receivers = receivers
        self._fingerprint = fingerprint
        self._limits = limits
        self._concurrency = concurrency
        self._starts_eagerly = starts_eagerly

    async def create(
        self,
        project_id: str,
        request: BatchJobCreate,
        *,
        concurrency: int | None = None,
        one_file_per_activity: bool = False,
        origin: Origin | None = None,
        receivers: NewReceivers | None = None,
    ) -> JobRow:
        """Accept a job; it waits for a worker to admit it.

        Args:
            project_id: whose job it is.
            request: what is to be done.
            concurrency: slices at once; None takes the deployment's.
            one_file_per_activity: gives each file an Activity of its own.
            origin: the API it comes from; None is the batch contract's.
            receivers: who is told; None takes those that the request configures.

        Raises:
            BadReceiverError: a receiver that the request configures cannot be told of anything.
            NotFoundError: the directory or one of the items does not exist in the project.
            ValueError: `target_pages` or the place of results is malformed, or that place is not
                open to the project.
        """
        await self._check_source(project_id, request)
        if isinstance(request.job_config, BatchParseJobRecordCreate):
            self.check(project_id, request.job_config)
        origin = origin or Origin()
        job_id = origin.job_id or new_job_id()
        run = self._run(project_id, job_id, request, concurrency, one_file_per_activity)
        only = None
        if origin.task_id and request.item_ids:
            only = (request.item_ids[0], origin.task_id)
            run = run.changed(high_water_mark=1, is_enumerated=True)
        config = request.job_config
        if receivers is None:
            receivers = await self._receivers.of_config(project_id, config)
        return await self._jobs.create(
            NewJob(
                id=job_id,
                api=origin.api,
                public_id=origin.public_id,
                echo=origin.echo,
                project_id=project_id,
                job_type=request.job_type,
                directory_id=request.directory_id,
                request=request.model_dump(mode="json", exclude_none=True),
                run=run.model_dump(mode="json"),
                parameters_hash=parameters_hash(request.job_type, config),
                engine_fingerprint=self._fingerprint,
                unsupported_parameters=(
                    unsupported_parameters(config)
                    if origin.unsupported is None
                    else list(origin.unsupported)
                ),
                has_webhooks=bool(receivers),
                is_small=_is_small(request) and not one_file_per_activity,
                priority=_priority(request),
            ),
            only,
            receivers,
        )

    async def try_start(self, job: JobRow, *, is_begun: bool = False) -> None:
        """Start an admitted job, or leave it to the sweeper while Temporal is away."""
        try:
            await self.start(job, is_begun=is_begun)
        except _AWAY as error:
            log.warning("the start is left to the sweeper", job_id=job.id, error=str(error))

    async def start(self, job: JobRow, *, is_begun: bool = False) -> None:
        """Start an admitted job's Workflow; nothing where it runs or has ended.

        Args:
            job: as it was admitted.
            is_begun: whether it was tried in one go already, so that it goes on by pages.

        Raises:
            RPCError: Temporal cannot be reached; the sweeper will start the job.
        """
        run = BatchInput.model_validate(job.run)
        if is_begun:
            run = run.changed(begins_inline=False)
        await self._start(
            "BatchWorkflow",
            run,
            id=batch_workflow_id(job.id),
            search_attributes=of_job(job),
            priority=Priority(priority_key=job.priority),
            static_summary=_summary(job),
        )

    async def try_start_together(self, carrier_id: str, jobs: Sequence[JobRow]) -> None:
        """Start the Workflow that carries jobs of one file and project, or leave them likewise."""
        runs = [BatchInput.model_validate(job.run) for job in jobs]
        carried = tuple(
            RunSmallJobInput(job_id=run.job_id, file_seconds=run.limits.file_seconds)
            for run in runs
        )
        longest = max(run.limits.longest_file_seconds or run.limits.file_seconds for run in runs)
        try:
            await self._start(
                "SmallJobsWorkflow",
                RunSmallJobsInput(jobs=carried, longest_file_seconds=longest),
                id=carrier_id,
                search_attributes=keywords((attributes.PROJECT, jobs[0].project_id)),
                priority=Priority(priority_key=min(job.priority for job in jobs)),
                static_summary=f"{len(jobs)} jobs of one file",
            )
        except _AWAY as error:
            log.warning("starts are left to the sweeper", jobs=len(jobs), error=str(error))

    async def _start(self, workflow: str, input: BaseModel, **options: Any) -> None:
        try:
            await self._client.start_workflow(
                workflow,
                input,
                task_queue=BATCHES,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                # Where a worker of this process has room, the answer brings the first task.
                request_eager_start=self._starts_eagerly,
                rpc_timeout=RPC_TIMEOUT,
                **options,
            )
        except WorkflowAlreadyStartedError:
            return

    async def cancel(self, job_id: str, reason: str | None) -> JobRow:
        """Refuse further work on a job and cancel its Workflow. Idempotent.

        The refusal is in the ledger before Temporal hears of it, so a cancel is kept even when
        Temporal is away: the sweeper passes it on. A job that waits to be admitted ends at once.
        """
        row = await self._jobs.request_cancel(job_id, reason)
        if not row.status.is_terminal:
            await self.try_cancel(job_id)
        return await self._jobs.get(job_id)

    async def try_cancel(self, job_id: str) -> bool:
        """Pass on a cancel that the ledger has; False while Temporal is away: the sweeper will."""
        try:
            await self.pass_on_cancel(job_id)
        except _AWAY as error:
            log.warning("the cancel is left to the sweeper", job_id=job_id, error=str(error))
            return False
        return True

    async def pass_on_cancel(self, job_id: str) -> None:
        """Ask Temporal to cancel a job's Workflow; nothing where there is none."""
        handle = self._client.get_workflow_handle(batch_workflow_id(job_id))
        try:
            await handle.cancel(rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    def check(self, project_id: str, config: BatchParseJobRecordCreate) -> None:
        """Check what a parse configuration says of pages and places, before anything is kept.

        Raises:
            ValueError: as for `create`; the message begins with the field.
        """
        parse_options(config)
        check_output(config, project_id, self._outputs)

    async def _check_source(self, project_id: str, request: BatchJobCreate) -> None:
        if request.directory_id is not None:
            await self._directories.require(project_id, request.directory_id)
            return
        missing = await self._directories.missing_files(project_id, request.item_ids or ())
        if missing:
            raise NotFoundError(f"item_ids: no such files: {', '.join(missing[:5])}")

    def _run(
        self,
        project_id: str,
        job_id: str,
        request: BatchJobCreate,
        concurrency: int | None,
        one_file_per_activity: bool,
    ) -> BatchInput:
        is_directory = request.directory_id is not None
        threshold = request.threshold if is_directory else ITEM_MODE_THRESHOLD
        page_files = min(request.page_size if is_directory else ITEM_MODE_PAGE, threshold)
        if one_file_per_activity:
            page_files = min(page_files, MAX_FILES_PER_ACTIVITY_PAGE)
        longest = longest_file_seconds(request.job_config, self._limits.file_seconds)
        return BatchInput(
            job_id=job_id,
            project_id=project_id,
            job_type=request.job_type,
            directory_id=request.directory_id,
            page_files=page_files,
            threshold=threshold,
            concurrency=concurrency or self._concurrency,
            one_file_per_activity=one_file_per_activity,
            coalesces_pages=not one_file_per_activity,
            begins_inline=not one_file_per_activity and longest <= MOST_INLINE_FILE_SECONDS,
            limits=self._limits.changed(longest_file_seconds=longest),
            tunables=NEW_JOBS,
        )


def _is_small(request: BatchJobCreate) -> bool:
    return request.item_ids is not None and len(request.item_ids) <= MOST_SMALL_ITEMS


def _priority(request: BatchJobCreate) -> int:
    config = request.job_config
    asked = None
    if isinstance(config, BatchParseJobRecordCreate):
        asked = config.effective_parameters.priority
    return _PRIORITY_KEYS.get(str(asked), _PRIORITY_KEYS["medium"])


def _summary(job: JobRow) -> str:
    what = job.directory_id or f"{len(job.request.get('item_ids') or ())} items"
    return f"{'classify' if job.job_type is JobType.CLASSIFY else 'parse'} {what}"
