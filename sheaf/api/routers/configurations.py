"""`/api/v1/beta/configurations`: how to parse or classify, saved under a name."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from sheaf.api.dependencies.auth import CurrentCaller, State
from sheaf.api.dependencies.idempotency import Once
from sheaf.api.dependencies.paging import (
    Page,
    PageSize,
    PageToken,
    by_creation,
    decode_cursor,
    page_of,
)
from sheaf.api.errors import InvalidError
from sheaf.contracts.http.classify_v2 import ClassifyConfiguration
from sheaf.contracts.http.configurations import (
    AnyProductType,
    Configuration,
    ConfigurationCreate,
    ConfigurationUpdate,
)
from sheaf.contracts.http.parse_v2 import ParseConfiguration
from sheaf.jobs.configurations import Configurations
from sheaf.ledger.jobs.configurations import (
    ConfigurationFilter,
    ConfigurationLedger,
    ConfigurationRow,
    NameTakenError,
)
from sheaf.rules.parameters.classify_v2 import classify_job
from sheaf.rules.parameters.parse_v2 import translate
from sheaf.rules.times import moment

router = APIRouter(prefix="/api/v1/beta/configurations", tags=["configurations"])

DEFAULT_PAGE = 100
ConfigurationId = Annotated[
    str, Path(max_length=64, examples=["cfg-0192f0c1a2b37c4d8e9f001122334455", "cfg-PARSE_FAST"])
]


@router.post("", status_code=201)
async def create_configuration(
    body: ConfigurationCreate, once: Once, caller: CurrentCaller, state: State
) -> Configuration:
    """Save a configuration, in place of the one with the same name and product type."""
    parameters = _checked(body.parameters)

    async def make(reserved_id: str) -> Configuration:
        ledger = ConfigurationLedger(state.database)
        return _to_response(
            await ledger.save(caller.project_id, body.name, parameters, reserved_id)
        )

    return await once(body, make, Configuration)


@router.get("")
async def list_configurations(
    caller: CurrentCaller,
    state: State,
    *,
    name: str | None = None,
    product_type: Annotated[list[AnyProductType] | None, Query(max_length=10)] = None,
    latest_only: bool = False,
    page_size: PageSize = DEFAULT_PAGE,
    page_token: PageToken = None,
) -> Page[Configuration]:
    """List saved configurations, newest first; only the latest version of each is kept."""
    del latest_only
    position = decode_cursor(page_token, int, str)
    rows = await ConfigurationLedger(state.database).page(
        caller.project_id,
        ConfigurationFilter(name or None, product_type),
        position and (position[0], position[1]),
        page_size + 1,
    )
    shown, token = page_of(rows, page_size, by_creation)
    return Page(
        items=[_to_response(row) for row in shown],
        next_page_token=token,
    )


@router.get("/{configuration_id}")
async def get_configuration(
    configuration_id: ConfigurationId, caller: CurrentCaller, state: State
) -> Configuration:
    """Return a saved or built-in configuration."""
    return _to_response(
        await Configurations(state.database).get(caller.project_id, configuration_id)
    )


@router.put("/{configuration_id}")
async def update_configuration(
    configuration_id: ConfigurationId,
    body: ConfigurationUpdate,
    caller: CurrentCaller,
    state: State,
) -> Configuration:
    """Change the name or the parameters of a saved configuration; jobs keep what they took."""
    values: dict[str, Any] = {}
    if body.name is not None:
        values["name"] = body.name
    if body.parameters is not None:
        values["parameters"] = _checked(body.parameters)
    ledger = ConfigurationLedger(state.database)
    try:
        return _to_response(await ledger.update(caller.project_id, configuration_id, values))
    except NameTakenError as error:
        raise InvalidError(("body", "name"), f"name: {error}. Choose another one.") from error


@router.delete("/{configuration_id}", status_code=204)
async def delete_configuration(
    configuration_id: ConfigurationId, caller: CurrentCaller, state: State
) -> None:
    """Delete a saved configuration; jobs keep what they took from it."""
    await ConfigurationLedger(state.database).delete(caller.project_id, configuration_id)


def _checked(parameters: BaseModel) -> dict[str, Any]:
    """Refuse now what a job could not be made of later."""
    if isinstance(parameters, ParseConfiguration) and parameters.webhook_configurations:
        raise InvalidError(
            ("body", "parameters", "webhook_configurations"),
            "webhook_configurations: receivers hold secrets and are not kept here. Save them at "
            "/api/v1/beta/webhook-configs and name their ids in webhook_configuration_ids.",
        )
    try:
        if isinstance(parameters, ParseConfiguration):
            translate(parameters)
        elif isinstance(parameters, ClassifyConfiguration):
            classify_job(parameters)
    except ValueError as error:
        raise InvalidError(("body", "parameters"), str(error)) from error
    return parameters.model_dump(mode="json", exclude_none=True)


def _to_response(row: ConfigurationRow) -> Configuration:
    return Configuration(
        id=row.id,
        name=row.name,
        product_type=row.product_type,
        parameters=row.parameters,
        version=row.version,
        created_at=moment(row.created_at or None),
        updated_at=moment(row.updated_at or None),
    )
