"""The base of what clients send.

The official SDKs write an explicit null for an argument that the caller passed as None, so a null
means the same as leaving the field out. Fields of this version's models that a client does not
know, and fields that this version does not know, are both ignored.
"""

from collections.abc import Iterable, Mapping, Sized
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from sheaf.contracts.temporal.payload import Payload

_STRICT = frozenset({"bool", "int", "float"})
_OUTSIDE = ("title", "default", "description", "examples")


def _make_strict(part: object) -> None:
    if isinstance(part, dict):
        kind = part.get("type")
        if isinstance(kind, str) and kind in _STRICT:
            part["strict"] = True
        for value in part.values():
            _make_strict(value)
    elif isinstance(part, list | tuple):
        for value in part:
            _make_strict(value)


class RequestModel(Payload):
    """A payload whose null fields take their defaults, also where the type has no null.

    Numbers and booleans are taken as such alone: `"yes"` or 0 for a boolean is a mistake to be
    told, not a guess to be made.
    """

    @model_validator(mode="before")
    @classmethod
    def _treat_null_as_absent(cls, data: object) -> object:
        if isinstance(data, Mapping):
            return {name: value for name, value in data.items() if value is not None}
        return data

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        _make_strict(schema)
        return schema

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Say of every field that has a default that it may be null."""
        schema = handler(core_schema)
        if handler.mode != "validation":
            return schema
        model = handler.resolve_ref_schema(schema)
        required = model.get("required", ())
        properties = model.get("properties", {})
        for name, field in properties.items():
            if name not in required and not _admits_null(field):
                outside = {key: field.pop(key) for key in _OUTSIDE if key in field}
                properties[name] = {"anyOf": [field, {"type": "null"}], **outside}
        return schema


def _admits_null(field: Mapping[str, Any]) -> bool:
    is_null = "const" in field and field["const"] is None
    return is_null or field.get("type") == "null" or {"type": "null"} in field.get("anyOf", ())


def true_errors(errors: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return validation errors without those that say of a list only that its items are bad.

    pydantic counts the items that were valid, so that of a list with one bad item it says also
    that it is too short.
    """
    return [one for one in errors if not _counts_valid_items(one)]


def _counts_valid_items(error: Mapping[str, Any]) -> bool:
    given = error.get("input")
    if error["type"] != "too_short" or not isinstance(given, Sized):
        return False
    return len(given) >= int(error["ctx"]["min_length"])
