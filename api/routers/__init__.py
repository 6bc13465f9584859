"""The routers, one a resource."""

from fastapi import APIRouter

from api.routers import (
    batch_jobs,
    batches_v2,
    configurations,
    directories,
    directory_files,
    directory_uploads,
    files,
    health,
    parsing,
    projects,
    webhook_configs,
)

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    batch_jobs.router,
    batches_v2.router,
    directories.router,
    directory_uploads.router,
    directory_files.router,
    files.router,
    parsing.router,
    configurations.router,
    webhook_configs.router,
    projects.router,
)
