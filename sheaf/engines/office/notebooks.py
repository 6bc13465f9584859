"""Notebooks of version 3, which IPython wrote until 2015, as those of version 4."""

import json
from typing import Any

from sheaf.engines.detection.notebook_signs import loaded

_MIME = {
    "text": "text/plain",
    "html": "text/html",
    "latex": "text/latex",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "json": "application/json",
    "javascript": "application/javascript",
}
_OUTPUTS = {"pyout": "execute_result", "pyerr": "error"}
MAX_HEADING = 6


def as_version_4(data: bytes) -> bytes:
    """Return a notebook in the version that engines know; one of version 4 as it is."""
    notebook = loaded(data)
    if not isinstance(notebook, dict) or "worksheets" not in notebook:
        return data
    cells = [
        _cell(cell)
        for sheet in notebook["worksheets"]
        if isinstance(sheet, dict)
        for cell in sheet.get("cells") or ()
        if isinstance(cell, dict)
    ]
    metadata = {"kernelspec": {"name": "python", "display_name": "", "language": "python"}}
    new = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}
    return json.dumps(new).encode()


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    kind = cell.get("cell_type")
    if kind == "code":
        outputs = [_output(item) for item in cell.get("outputs") or () if isinstance(item, dict)]
        return {
            "cell_type": "code",
            "execution_count": cell.get("prompt_number"),
            "metadata": {},
            "source": _joined(cell.get("input")),
            "outputs": outputs,
        }
    source = _joined(cell.get("source"))
    if kind == "heading":
        level = cell.get("level")
        marks = "#" * min(level if isinstance(level, int) else 1, MAX_HEADING)
        source = f"{marks} {' '.join(source.split())}"
    return {
        "cell_type": "raw" if kind == "raw" else "markdown",
        "metadata": {},
        "source": source,
    }


def _output(output: dict[str, Any]) -> dict[str, Any]:
    kind = output.get("output_type")
    if kind == "stream":
        name = output.get("stream") or "stdout"
        return {"output_type": "stream", "name": name, "text": _joined(output.get("text"))}
    if kind == "pyerr":
        told = {key: output.get(key) for key in ("ename", "evalue", "traceback")}
        return {"output_type": "error", **told}
    data = {_MIME[key]: _joined(value) for key, value in output.items() if key in _MIME}
    return {
        "output_type": _OUTPUTS.get(str(kind), "display_data"),
        "data": data,
        "metadata": {},
        "execution_count": output.get("prompt_number"),
    }


def _joined(lines: Any) -> str:
    return "".join(map(str, lines)) if isinstance(lines, list) else str(lines or "")
