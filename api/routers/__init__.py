"""The routers, one a resource."""

from fastapi import APIRouter

from api.routers import batch_jobs, health

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    batch_jobs.router,
)
