"""The HTTP client of every process, and the one module that knows which library it is.

httpx has had no release since December 2024. Its successor has the same names as what is imported
here, so that a change to it is a change of this file and of the requirement.
"""

import logging

from httpx import (
    URL,
    AsyncBaseTransport,
    AsyncClient,
    AsyncHTTPTransport,
    ConnectError,
    HTTPError,
    InvalidURL,
    Limits,
    Request,
    Response,
    TimeoutException,
    create_ssl_context,
)

__all__ = [
    "URL",
    "AsyncBaseTransport",
    "AsyncClient",
    "AsyncHTTPTransport",
    "ConnectError",
    "HTTPError",
    "InvalidURL",
    "Limits",
    "Request",
    "Response",
    "TimeoutException",
    "create_ssl_context",
    "direct_client",
]

# They log whole URLs, whose paths and queries may be tokens, and headers.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


def direct_client(seconds: float) -> AsyncClient:
    """Return a client that goes by no proxy, whatever the environment names.

    Args:
        seconds: that each step of a request may take.
    """
    return AsyncClient(trust_env=False, timeout=seconds)
