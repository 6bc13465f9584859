"""The end of a measurement."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NoReturn


def measure_and_leave(measure: Callable[..., Awaitable[None]], *arguments: Any) -> NoReturn:
    """Run a measurement in a folder of its own, and leave without the interpreter's finalisation.

    temporalio 1.35 may abort there while its threads still hold references (sdk-python#300).
    """

    async def run(folder: Path) -> None:
        await measure(folder, *arguments)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))
    sys.stdout.flush()
    os._exit(0)
