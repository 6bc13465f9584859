"""The HTTP application: routers, errors, limits and what watches over it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from starlette.types import Scope

from sheaf.api import errors
from sheaf.api.middleware import request_metrics
from sheaf.api.middleware.authentication import KeysBeforeBodies
from sheaf.api.middleware.limits import RequestLimits
from sheaf.api.middleware.rates import RequestRates
from sheaf.api.presenters.webhook_docs import document_webhooks
from sheaf.api.routers import ROUTERS
from sheaf.api.state import ApiState

DESCRIPTION = """
Durable batch document processing, by the batch API of LlamaCloud and what belongs to it.

Send `Authorization: Bearer KEY`; the key names the project. Every POST takes an
`Idempotency-Key`: sent again within 24 hours with the same body, it gives the same answer.
"""


def create_app(open_state: Callable[[], AbstractAsyncContextManager[ApiState]]) -> FastAPI:
    """Return the application.

    Args:
        open_state: opens what the handlers share, at the start, and closes it at the end.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_state() as state:
            app.state.sheaf = state
            yield

    app = FastAPI(
        title="Sheaf",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        # A redirect would make clients send a body twice, or a key to another path.
        redirect_slashes=False,
    )
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router, responses=errors.DOCUMENTED)
    document_webhooks(app)
    app.add_middleware(RequestLimits)
    app.add_middleware(KeysBeforeBodies)
    app.add_middleware(RequestRates, limits=_rates)
    app.add_middleware(request_metrics.RequestMetrics)
    return app


def _rates(scope: Scope) -> tuple[float, int]:
    settings = scope["app"].state.sheaf.settings
    return settings.api_requests_per_second, settings.api_requests_at_once
