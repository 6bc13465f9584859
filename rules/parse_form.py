"""The form of `/api/v1/parsing/upload`: the batch contract's parameters as texts."""

import json
from collections.abc import Mapping
from typing import Any

from models.parse_parameters import BatchParseJobConfig

_RENAMED = {"language": "languages"}
_NOT_TEXTS = frozenset(
    {
        *("languages", "images_to_save", "webhook_configurations"),
        *("custom_metadata", "resource_info"),
    }
)


def parameters_of(texts: Mapping[str, str]) -> tuple[BatchParseJobConfig, tuple[str, ...]]:
    """Return a form as parameters, and the names of the fields that are none, sorted.

    Lists are JSON, or texts between commas; objects are JSON.

    Raises:
        pydantic.ValidationError: a field has a value that it cannot have.
    """
    values: dict[str, Any] = {}
    unknown = []
    for given, text in texts.items():
        name = _RENAMED.get(given, given)
        if name not in BatchParseJobConfig.model_fields:
            unknown.append(given)
        else:
            values[name] = _value(text) if name in _NOT_TEXTS else text
    return BatchParseJobConfig.model_validate(values), tuple(sorted(unknown))


def _value(text: str) -> object:
    if text.lstrip().startswith(("[", "{")):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return [part.strip() for part in text.split(",")]
