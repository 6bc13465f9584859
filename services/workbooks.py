"""The tables of results as workbooks, each written in a process of its own that may be killed.

What is written comes of documents: neither its markdown nor the workbook is handled in the loop
that serves requests, and a process never sees two results.
"""

import asyncio
import contextlib
import json
import os
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

from models.documents import ParsedPage
from services.children import python_command
from services.engines.parser_process import foreign_environment
from services.scratch import own_folder

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AT_ONCE = 2
"""Workbooks written at the same time; further requests wait."""
SECONDS = 60
MEMORY_BYTES = 2 * 1024**3


class WorkbookError(Exception):
    """The tables of a result are too large for a workbook, or for what one may take."""


class Workbooks:
    """Writes workbooks, a few at a time."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)

    async def written(self, pages: Sequence[ParsedPage], seconds: float = SECONDS) -> bytes:
        """Return a workbook of the tables of pages; of one bare sheet where there are none.

        Args:
            pages: as the engine gave them.
            seconds: the time for it, once it is its turn.

        Raises:
            WorkbookError: the tables are too large; there will never be one.
        """
        content = [[page.page, page.md] for page in pages]
        tables = (await asyncio.to_thread(json.dumps, content)).encode()
        async with self._free:
            with tempfile.TemporaryDirectory(prefix="workbook-", dir=own_folder()) as folder:
                return await _written(tables, folder, seconds)


async def _written(tables: bytes, folder: str, seconds: float) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *python_command(
            "services.workbook_process",
            *("--memory-bytes", str(MEMORY_BYTES)),
            *("--cpu-seconds", str(SECONDS)),
            *("--parent", str(os.getpid())),
        ),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        cwd=folder,
        env=foreign_environment(Path(folder)),
    )
    try:
        async with asyncio.timeout(seconds):
            content, words = await process.communicate(tables)
    except TimeoutError:
        message = f"over the {seconds:g} s that a workbook may take"
        raise WorkbookError(message) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode:
        lines = words.decode(errors="replace").strip().splitlines()
        raise WorkbookError(lines[-1] if lines else f"its process ended with {process.returncode}")
    return content
