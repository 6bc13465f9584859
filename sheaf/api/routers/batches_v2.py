"""`/api/v2/batches`: a saved configuration run over a directory."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse

from sheaf.api.dependencies.auth import Caller, CurrentCaller, State
from sheaf.api.dependencies.idempotency import Once
from sheaf.api.dependencies.job_lists import job_page, ledger_time
from sheaf.api.dependencies.paging import Page, PageSize, PageToken, decode_cursor, page_of
from sheaf.api.dependencies.receivers import named_receivers
from sheaf.api.errors import InvalidError
from sheaf.api.presenters.batches_v2 import STATUSES, batch, batch_file, expanded
from sheaf.api.state import ApiState
from sheaf.contracts.apis import JobApi
from sheaf.contracts.http.batch import BatchJobCreate
from sheaf.contracts.http.batches_v2 import Batch, BatchCreate, BatchFile, BatchStatus
from sheaf.contracts.http.directories import Moment
from sheaf.contracts.http.job_config import BatchParseJobRecordCreate
from sheaf.contracts.http.parse_v2 import ParseConfiguration
from sheaf.contracts.states import ItemStatus
from sheaf.jobs.configurations import Configurations, WrongProductError
from sheaf.jobs.service import Origin
from sheaf.ledger.items.listing import ItemListing
from sheaf.ledger.jobs.admissions import AdmissionLedger
from sheaf.ledger.jobs.listing import JobFilter, JobListing
from sheaf.ledger.jobs.receivers import NewReceivers
from sheaf.ledger.records import JobRow, NotFoundError
from sheaf.rules.parameters.parse_v2 import translate
from sheaf.rules.webhooks.events import never_sent

router = APIRouter(prefix="/api/v2/batches", tags=["batches"])

DEFAULT_PAGE = 50
_APIS = (JobApi.BATCH_V2,)

BatchId = Annotated[str, Path(max_length=64, examples=["bat-0192f0c1a2b37c4d8e9f001122334455"])]


@router.post("", status_code=201)
async def create_batch(body: BatchCreate, once: Once, caller: CurrentCaller, state: State) -> Batch:
    """Accept a batch over a directory of any size, and return it at once."""
    if body.config.job.type != "parse_v2":
        raise InvalidError(
            ("body", "config", "job", "type"), "type: this server has no extract_v2; use parse_v2."
        )
    saved = await _saved(body.config.job.configuration_id, caller, state)
    receivers = await named_receivers(body, caller, state, saved.webhook_configuration_ids)

    async def make(reserved_id: str) -> Batch:
        return batch(await _create(body, saved, receivers, reserved_id, caller, state))

    return await once(body, make, Batch)


@router.get("")
async def list_batches(
    caller: CurrentCaller,
    state: State,
    *,
    status: BatchStatus | None = None,
    source_directory_id: Annotated[str | None, Query(max_length=64)] = None,
    created_at_on_or_after: Moment | None = None,
    created_at_on_or_before: Moment | None = None,
    page_size: PageSize = DEFAULT_PAGE,
    page_token: PageToken = None,
) -> Page[Batch]:
    """List batches, newest first."""
    asked = JobFilter(
        caller.project_id,
        _APIS,
        directory_id=source_directory_id or None,
        statuses=None if status is None else STATUSES[status],
        created_from=ledger_time(created_at_on_or_after),
        created_to=ledger_time(created_at_on_or_before),
    )
    rows, token = await job_page(state, asked, page_size, page_token)
    return Page(
        items=[batch(row) for row in rows],
        next_page_token=token,
    )


@router.get("/{batch_id}", response_model=Batch)
async def get_batch(
    batch_id: BatchId,
    caller: CurrentCaller,
    state: State,
    expand: Annotated[
        list[str], Query(max_length=10, description="`results` adds the job of each file.")
    ] = [],  # noqa: B006 - FastAPI copies it
) -> Batch | StreamingResponse:
    """Return a batch, also while it runs."""
    row = await JobListing(state.database).get(caller.project_id, _APIS, batch_id)
    shown = batch(row, await AdmissionLedger(state.database).place(row))
    if "results" not in expand:
        return shown
    body = expanded(shown, row, ItemListing(state.database))
    return StreamingResponse(body, media_type="application/json")


@router.get("/{batch_id}/items")
async def list_batch_files(
    batch_id: BatchId,
    caller: CurrentCaller,
    state: State,
    status: ItemStatus | None = None,
    page_size: PageSize = DEFAULT_PAGE,
    page_token: PageToken = None,
) -> Page[BatchFile]:
    """List the files of a batch with their states, in the order in which they are taken."""
    job = await JobListing(state.database).get(caller.project_id, _APIS, batch_id)
    position = decode_cursor(page_token, int)
    rows = await ItemListing(state.database).after(
        job.id,
        ordinal=min(position[0], 2**31 - 1) if position else 0,
        limit=page_size + 1,
        statuses=() if status is None else (status,),
    )
    shown, token = page_of(rows, page_size, lambda row: (row.ordinal,))
    return Page(
        items=[batch_file(row) for row in shown],
        next_page_token=token,
    )


@router.post("/{batch_id}/cancel")
async def cancel_batch(batch_id: BatchId, caller: CurrentCaller, state: State) -> Batch:
    """Cancel a batch: nothing new is started, and what is done stays done.

    It ends as `CANCELLED` once its files in process have ended; one that has ended stays as it is.
    """
    row = await JobListing(state.database).get(caller.project_id, _APIS, batch_id)
    return batch(await state.jobs.cancel(row.id, None))


async def _saved(configuration_id: str, caller: Caller, state: ApiState) -> ParseConfiguration:
    try:
        return await Configurations(state.database).parse(caller.project_id, configuration_id)
    except (NotFoundError, WrongProductError) as error:
        # Not 404, which is about the address: the SDKs' callers could not tell what is missing.
        raise InvalidError(("body", "config", "job", "configuration_id"), str(error)) from error


async def _create(
    body: BatchCreate,
    saved: ParseConfiguration,
    receivers: NewReceivers,
    reserved_id: str,
    caller: Caller,
    state: ApiState,
) -> JobRow:
    done = translate(saved)
    request = BatchJobCreate(
        directory_id=body.source_directory_id,
        job_config=BatchParseJobRecordCreate(parameters=done.parameters),
    )
    origin = Origin(
        api=JobApi.BATCH_V2,
        job_id=f"bjb-{reserved_id}",
        public_id=f"bat-{reserved_id}",
        echo={
            "config": body.config.model_dump(mode="json"),
            "configuration": saved.model_dump(mode="json", exclude_none=True),
        },
        unsupported=tuple(sorted({*done.unsupported, *never_sent(body.webhook_configurations)})),
    )
    return await state.jobs.create(caller.project_id, request, origin=origin, receivers=receivers)
