"""The routers, one a resource."""

from fastapi import APIRouter

from sheaf.api.routers import (
    batch_jobs,
    batches_v2,
    classifier,
    classify_tasks,
    configurations,
    directories,
    directory_files,
    directory_uploads,
    files,
    health,
    parse_task_results,
    parse_tasks,
    parsing,
    parsing_upload,
    projects,
    webhook_configs,
    webhook_deliveries,
)

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    batch_jobs.router,
    batches_v2.router,
    directories.router,
    directory_uploads.router,
    directory_files.router,
    files.router,
    parsing_upload.router,
    parsing.router,
    # Its addresses with fixed words go before those with an id.
    parse_tasks.router,
    parse_task_results.router,
    classify_tasks.router,
    classifier.router,
    configurations.router,
    webhook_configs.router,
    webhook_deliveries.router,
    projects.router,
)
