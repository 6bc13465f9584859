"""Texts and values from outside that a database can keep."""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, Field

MAX_KEY_BYTES = 2000
"""Longest text of an index: Postgres keeps no more than 2,700 bytes in one entry."""
MAX_METADATA_BYTES = 64 * 1024
MAX_METADATA_KEYS = 100


def _storable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("not Unicode text: it has half of a surrogate pair") from error
    if "\0" in text:
        raise ValueError("NUL characters are not allowed")
    return text


def _indexable(text: str) -> str:
    if len(text.encode()) > MAX_KEY_BYTES:
        raise ValueError(f"longer than {MAX_KEY_BYTES} bytes; send a shorter one")
    return text


def _bounded(values: dict[str, Any]) -> dict[str, Any]:
    if len(values) > MAX_METADATA_KEYS:
        raise ValueError(f"more than {MAX_METADATA_KEYS} keys")
    try:
        written = json.dumps(values, allow_nan=False, ensure_ascii=False)
        size = len(written.encode())
    except (ValueError, RecursionError) as error:
        raise ValueError(
            "not JSON that can be kept: NaN, infinities and half surrogate pairs cannot"
        ) from error
    if size > MAX_METADATA_BYTES:
        raise ValueError(f"more than {MAX_METADATA_BYTES} bytes of JSON")
    if "\\u0000" in written:
        raise ValueError("NUL characters are not allowed")
    return values


Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[Text, Field(min_length=1, max_length=3000)]
Key = Annotated[Text, Field(min_length=1, max_length=MAX_KEY_BYTES), AfterValidator(_indexable)]
"""A text that rows are found by."""

MetadataValue = str | int | float | bool | None | list[str]
Metadata = Annotated[dict[str, MetadataValue], AfterValidator(_bounded)]
"""What callers note with a file."""
JsonObject = Annotated[dict[str, Any], AfterValidator(_bounded)]
