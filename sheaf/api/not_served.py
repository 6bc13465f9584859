"""Addresses of LlamaCloud's API that are not served, and what to call instead.

Clients have methods for them, so that who calls one is told more than that there is nothing.
"""

INSTEAD = {
    "/api/v1/files": "Files are kept at /api/v1/beta/files.",
    "/api/v1/beta/parse-configurations": (
        "Configurations are saved at /api/v1/beta/configurations."
    ),
    "/api/v1/parsing/screenshot": (
        "POST /api/v1/parsing/upload with take_screenshot=true makes screenshots."
    ),
    "/api/v1/parsing/job/": (
        "GET /api/v2/parse/{job_id} gives links to what a job has made, by "
        "expand=images_content_metadata and others of that name."
    ),
}
"""What to call instead of addresses that begin so."""

WITHOUT = (
    *("agent-data", "alpha", "chat", "data-sinks", "data-sources", "directory-sync-jobs"),
    *("extraction", "extractionv2", "extract", "indexes", "organizations", "pipelines"),
    *("retrieval", "retrievers", "sheets", "split", "usage-metrics", "verify"),
)
"""Resources that have nothing to do with batches, files and their results."""


def not_served(method: str, path: str) -> str:
    """Return what to tell a caller of an address that there is not."""
    there = f"{method} {path[:200]}: there is no such address."
    for beginning, instead in INSTEAD.items():
        if path.startswith(beginning):
            return f"{there} {instead}"
    for resource in WITHOUT:
        if f"/{resource}/" in f"{path}/":
            return f"{there} Sheaf parses and classifies files; it has no {resource}."
    return f"{there} /docs lists those that there are."
