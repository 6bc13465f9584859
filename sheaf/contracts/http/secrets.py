"""Texts that clients give and nobody is told again.

Written out as JSON they are hidden, so that a request can be stored and logged as it was
accepted. Whoever has to keep them writes them out with the context `REVEALED`, and seals them.
"""

from typing import Annotated, Any, Final
from urllib.parse import urlsplit, urlunsplit

from pydantic import PlainSerializer, SecretStr, SerializationInfo

HIDDEN = "***"
REVEALED: Final[dict[str, Any]] = {"secrets": "revealed"}
"""Context of `model_dump` for a digest, or for what is sealed at once."""

SHORT = 15
"""Longest segment of a path that is shown whole; tokens are longer."""

_SHOWN = 4


def shown_url(url: str) -> str:
    """Return a URL with the values of its query, and what may be a token in its path, hidden.

    Enough is left to tell receivers apart. Showing a URL that is shown already changes nothing.
    """
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return HIDDEN
    path = "/".join(map(_segment, parts.path.split("/")))
    query = "&".join(map(_pair, parts.query.split("&"))) if parts.query else ""
    return urlunsplit((parts.scheme, host, path, query, ""))


def _segment(segment: str) -> str:
    return segment if len(segment) <= SHORT else segment[:_SHOWN] + HIDDEN


def _pair(pair: str) -> str:
    name, sign, _ = pair.partition("=")
    return f"{_segment(name)}={HIDDEN}" if sign else HIDDEN


def _hidden(value: SecretStr, info: SerializationInfo) -> str:
    return value.get_secret_value() if info.context == REVEALED else HIDDEN


def _hidden_url(value: SecretStr, info: SerializationInfo) -> str:
    url = value.get_secret_value()
    return url if info.context == REVEALED else shown_url(url)


Secret = Annotated[SecretStr, PlainSerializer(_hidden, return_type=str, when_used="json")]
SecretUrl = Annotated[SecretStr, PlainSerializer(_hidden_url, return_type=str, when_used="json")]
"""A URL, which may hold a token; it is written with that hidden."""
