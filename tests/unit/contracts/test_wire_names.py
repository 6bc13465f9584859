"""Fields of payloads that recorded histories know by another name."""

from typing import Any

import pytest
from pydantic import BaseModel
from temporalio.contrib.pydantic import pydantic_data_converter

from sheaf.contracts.temporal import page_runs, runs, small_jobs
from sheaf.contracts.temporal.payload import Payload

PAYLOADS = sorted(
    {
        one
        for module in (page_runs, runs, small_jobs)
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Payload) and one is not Payload
    },
    key=lambda one: one.__name__,
)

WIRE_NAMES = {
    "coalesces_pages": "joins_pages",
    "high_water_mark": "mark",
    "is_isolated": "is_alone",
    "isolated": "alone",
    "last_checked_at": "looked_at",
    "redispatch": "again",
    "remaining": "rest",
    "speed_factors": "paces",
}

RENAMED = [
    (payload, name) for payload in PAYLOADS for name in payload.model_fields if name in WIRE_NAMES
]
RANGE = runs.OrdinalRange(first=1, last=2)
VALUES: dict[str, Any] = {
    "coalesces_pages": True,
    "high_water_mark": 7,
    "is_isolated": True,
    "isolated": (RANGE,),
    "last_checked_at": 2.5,
    "redispatch": (RANGE,),
    "remaining": RANGE,
    "speed_factors": {"pdf": 2.0},
}


REQUIRED: dict[str, Any] = {
    **dict.fromkeys(("after", "file_seconds", "slice_seconds", "high_water_mark"), 0),
    **dict.fromkeys(("first", "last", "page_files", "share", "threshold", "window"), 1),
    **dict.fromkeys(("job_id", "parent_id", "page_id"), "bjb-1"),
    "one_file_per_activity": False,
}


def required_of(payload: type[BaseModel]) -> list[str]:
    return [name for name, field in payload.model_fields.items() if field.is_required()]


def value_of(payload: type[BaseModel], name: str) -> Any:
    if (payload, name) == (runs.ProcessSliceResult, "isolated"):
        return (runs.Slice(first=1, last=1),)
    return VALUES[name]


@pytest.mark.parametrize(("payload", "name"), RENAMED)
async def test_a_renamed_field_keeps_its_name_on_the_wire(
    payload: type[Payload], name: str
) -> None:
    value = value_of(payload, name)
    given = payload(**{key: REQUIRED[key] for key in required_of(payload)} | {name: value})
    [encoded] = await pydantic_data_converter.encode([given])
    assert f'"{WIRE_NAMES[name]}":'.encode() in encoded.data
    assert f'"{name}":'.encode() not in encoded.data
    assert WIRE_NAMES[name] in given.model_dump(mode="json")


def test_no_field_has_an_alias_that_is_not_listed() -> None:
    aliases = {
        name: field.alias
        for payload in PAYLOADS
        for name, field in payload.model_fields.items()
        if field.alias
    }
    assert aliases == WIRE_NAMES
    assert len(RENAMED) >= len(WIRE_NAMES)


async def test_a_field_is_read_by_the_name_that_histories_have() -> None:
    recorded = b'{"job_id":"bjb-1","page_files":1,"threshold":1,"mark":7,"again":[],"paces":{}}'
    [encoded] = await pydantic_data_converter.encode([{}])
    encoded.data = recorded
    [read] = await pydantic_data_converter.decode([encoded], [runs.BatchInput])
    assert read.high_water_mark == 7
    assert read.changed(runs=2).high_water_mark == 7
