"""Whether JSON is a notebook of Jupyter."""

import json
import re
from pathlib import Path
from typing import Any

from sheaf.engines.detection.charset import decode

MAX_BYTES = 64 * 1024**2
_MENTIONED = re.compile(r'"(?:nbformat|cell_type)"\s*+:')


def is_notebook(path: Path, head: str, extension: str) -> bool:
    """Whether a file that begins so has the cells of one; many records have a `cell_type`."""
    if extension != ".ipynb" and not _MENTIONED.search(head):
        return False
    if path.stat().st_size > MAX_BYTES:
        return False
    return has_cells(loaded(path.read_bytes()))


def loaded(data: bytes) -> Any:
    """Return what JSON holds, or None for bytes that are none."""
    try:
        return json.loads(decode(data))
    except (ValueError, RecursionError):
        return None


def has_cells(value: Any) -> bool:
    """Whether a value of JSON is a notebook of version 3 or 4."""
    if not isinstance(value, dict):
        return False
    sheets = value.get("worksheets")
    first = sheets[0] if isinstance(sheets, list) and sheets else None
    cells = first.get("cells") if isinstance(first, dict) else value.get("cells")
    if not isinstance(cells, list) or not isinstance(value.get("nbformat"), int):
        return False
    return all(isinstance(cell, dict) and "cell_type" in cell for cell in cells)
