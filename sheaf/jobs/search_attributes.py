"""The Search Attributes of batches in a Temporal namespace.

A Workflow that upserts an unregistered attribute hangs, so they are there before any work begins.
"""

from datetime import timedelta

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from sheaf.contracts.temporal import attributes
from sheaf.ledger.records import JobRow

_TIMEOUT = timedelta(seconds=10)


async def missing_search_attributes(client: Client) -> list[str]:
    """Return the names that the client's namespace does not know."""
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace), timeout=_TIMEOUT
    )
    return [name for name in attributes.TYPES if name not in listed.custom_attributes]


async def ensure_search_attributes(client: Client) -> None:
    """Register the attributes that are missing.

    Raises:
        RuntimeError: the server does not let this client register them; the message says how.
    """
    missing = await missing_search_attributes(client)
    if not missing:
        return
    types = {
        "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
        "Int": IndexedValueType.INDEXED_VALUE_TYPE_INT,
    }
    request = AddSearchAttributesRequest(
        namespace=client.namespace,
        search_attributes={name: types[attributes.TYPES[name]] for name in missing},
    )
    try:
        await client.operator_service.add_search_attributes(request, timeout=_TIMEOUT)
    except RPCError as error:
        if error.status is RPCStatusCode.ALREADY_EXISTS:
            return
        commands = "; ".join(
            f"temporal operator search-attribute create --name {name} "
            f"--type {attributes.TYPES[name]}"
            for name in missing
        )
        raise RuntimeError(f"Search Attributes are missing. Register them: {commands}") from error


def of_job(job: JobRow) -> TypedSearchAttributes:
    """Return what a batch's Workflow is found by from its start; its counts come with its end."""
    return keywords(
        (attributes.STATUS, "pending"),
        (attributes.PROJECT, job.project_id),
        (attributes.JOB_TYPE, job.job_type),
        (attributes.DIRECTORY, job.directory_id),
    )


def keywords(*pairs: tuple[str, str | None]) -> TypedSearchAttributes:
    """Return attributes of the type Keyword; those without a value are left out."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(SearchAttributeKey.for_keyword(name), value)
            for name, value in pairs
            if value
        ]
    )
