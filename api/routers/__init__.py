"""The routers, one a resource."""

from fastapi import APIRouter

from api.routers import (
    batch_jobs,
    directories,
    directory_files,
    directory_uploads,
    files,
    health,
    parsing,
    projects,
)

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    batch_jobs.router,
    directories.router,
    directory_uploads.router,
    directory_files.router,
    files.router,
    parsing.router,
    projects.router,
)
