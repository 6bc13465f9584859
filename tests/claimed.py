"""Claimed items for tests that need no ledger."""

from typing import Any

from sheaf.ledger.records import ClaimedItem


def claimed(ordinal: int, **values: Any) -> ClaimedItem:
    """Return an item by its ordinal: a small file of a folder that is not there."""
    defaults = {
        "fence": 1,
        "attempts": 0,
        "lost_claims": 0,
        "task_id": f"task-{ordinal}",
        "file_id": f"file-{ordinal}",
        "unique_id": f"{ordinal}.txt",
        "display_name": f"{ordinal}.txt",
        "size_bytes": 10,
        "mtime_ns": 1,
        "source_uri": "file:///in",
    }
    return ClaimedItem(ordinal=ordinal, **defaults | values)
