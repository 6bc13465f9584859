"""Metrics and log lines of requests."""

import time
import uuid

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)

REQUESTS = Counter("sheaf_api_requests", "Requests served.", ["method", "route", "status"])
SECONDS = Histogram(
    "sheaf_api_request_seconds",
    "Time to the last byte of the answer.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)


class RequestMetrics:
    """Counts and times each request by its route, and gives it a request id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = uuid.uuid4().hex
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            seconds = time.perf_counter() - began
            route = _template(scope)
            REQUESTS.labels(scope["method"], route, status).inc()
            SECONDS.labels(scope["method"], route).observe(seconds)
            log.info(
                "request",
                method=scope["method"],
                route=route,
                status=status,
                milliseconds=round(1000 * seconds, 1),
                request_id=request_id,
            )


def _template(scope: Scope) -> str:
    """Return a request's path with names for ids, which would make a series for each in a label.

    The route knows only the part of its path that its own router gave it.
    """
    if "route" not in scope:
        return "unknown"
    names = {str(value).lower(): name for name, value in scope.get("path_params", {}).items()}
    parts = scope["path"].split("/")
    return "/".join(
        f"{{{names[part.lower()]}}}" if part.lower() in names else part for part in parts
    )
