"""Whether the process lives and can serve, its metrics, and how much work there is."""

import asyncio
import contextlib
from dataclasses import asdict

import sqlalchemy as sa
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from temporalio.service import RPCError

from sheaf.api.dependencies.auth import State
from sheaf.api.state import ApiState

CHECK_SECONDS = 3

_AWAY = (TimeoutError, OSError, sa.exc.SQLAlchemyError)
"""What the ledger raises."""

router = APIRouter(tags=["health"], include_in_schema=False)


@router.get("/livez")
async def livez() -> PlainTextResponse:
    """Answer while the process runs."""
    return PlainTextResponse("ok")


@router.get("/readyz")
async def readyz(state: State) -> JSONResponse:
    """Say whether the database and Temporal answer; 503 while one does not."""
    database, temporal = await asyncio.gather(_database(state), _temporal(state))
    is_ready = database == temporal == "ok"
    return JSONResponse(
        {"database": database, "temporal": temporal}, status_code=200 if is_ready else 503
    )


@router.get("/scaling")
async def scaling(state: State) -> JSONResponse:
    """Return the jobs that have not ended, for what scales workers; 503 without the ledger."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            found = await state.demand.jobs()
    except _AWAY:
        return JSONResponse({"database": "away"}, status_code=503)
    return JSONResponse({kind: asdict(jobs) for kind, jobs in found.items()})


@router.get("/metrics")
async def metrics(state: State) -> Response:
    """Return the process's metrics, and the deployment's jobs, in Prometheus's text format."""
    with contextlib.suppress(*_AWAY):
        async with asyncio.timeout(CHECK_SECONDS):
            await state.demand.jobs()
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _database(state: ApiState) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS), state.database.read() as connection:
            await connection.execute(sa.text("SELECT 1"))
    except _AWAY:
        return "away"
    return "ok"


async def _temporal(state: ApiState) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await state.client.service_client.check_health()
    except (TimeoutError, RPCError, RuntimeError):
        return "away"
    return "ok"
