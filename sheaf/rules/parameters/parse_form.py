"""The form of `/api/v1/parsing/upload`: the batch contract's parameters as texts."""

from collections.abc import Mapping
from typing import Any, get_args

from sheaf.contracts.http.parse_parameters import BatchParseJobConfig
from sheaf.rules.parameters.finite_json import read_json

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
            values[name] = _value(text) if name in _NOT_TEXTS else _scalar(name, text)
    return BatchParseJobConfig.model_validate(values), tuple(sorted(unknown))


def _scalar(name: str, text: str) -> object:
    """Return a text as what the parameter takes, or as it is for the model to refuse."""
    annotation = BatchParseJobConfig.model_fields[name].annotation
    kinds = {annotation, *get_args(annotation)}
    if bool in kinds:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    for kind in (int, float):
        # Numbers with bounds are annotated, so that their kind lies one layer deeper.
        if kind in kinds | {deeper for one in kinds for deeper in get_args(one)}:
            try:
                return kind(text)
            except ValueError:
                return text
    return text


def _value(text: str) -> object:
    if text.lstrip().startswith(("[", "{")):
        try:
            return read_json(text)
        except (ValueError, RecursionError):
            return text
    return [part.strip() for part in text.split(",")]
