"""An engine that writes where only its process may: what a document's code, or a library, can do.

It takes hold of the function that writes answers, as code of a document in the same process could,
so that it says nothing of what a frame looks like.
"""

import io
import sys
import threading
import time
from pathlib import Path
from typing import Any

from sheaf.contracts.documents import EngineRequest, EngineResult, ParsedDocument, ParsedPage

CUE = "stray: "
LATE_SECONDS = 0.3

_main: Any = sys.modules["__main__"]
_write: Any = getattr(_main, "write_frame", None)
"""None where this is imported by a test, for the names of what it can do."""


def handle(request: EngineRequest) -> EngineResult:
    """Return the file's text, and do with the answers' pipe what its first word says."""
    text = Path(request.path).read_text()
    if text.startswith(CUE):
        STRAYS[text.removeprefix(CUE).split()[0]]()
    return _result(text)


def _result(text: str) -> EngineResult:
    page = ParsedPage(page=1, text=text, md=text)
    document = ParsedDocument(
        pages=(page,), media_type="text/plain", engine="stray", engine_version="1", total_pages=1
    )
    return EngineResult(document=document)


def _forged() -> bytes:
    return _result("forged").model_dump_json().encode()


def _once(write: Any) -> None:
    """Have the next answer written by `write`, which gets all that the next write would."""

    def written(stream: Any, *frame: Any) -> None:
        _main.write_frame = _write
        write(stream, *frame)

    _main.write_frame = written


def _twice() -> None:
    def write(stream: Any, *frame: Any) -> None:
        both = io.BytesIO()
        _write(both, *frame)
        _write(both, *frame)
        # At once, so that neither comes without the other.
        stream.write(both.getvalue())
        stream.flush()

    _once(write)


def _forge_after() -> None:
    def write(stream: Any, *frame: Any) -> None:
        _write(stream, *frame)
        _write(stream, *frame[:-1], _forged())

    _once(write)


def _late() -> None:
    def write(stream: Any, *frame: Any) -> None:
        def later() -> None:
            time.sleep(LATE_SECONDS)
            _write(stream, *frame[:-1], _forged())

        _write(stream, *frame)
        threading.Thread(target=later).start()

    _once(write)


def _raw_before() -> None:
    def write(stream: Any, *frame: Any) -> None:
        stream.write(b"a library's own words\n")
        _write(stream, *frame)

    _once(write)


def _raw_after() -> None:
    def write(stream: Any, *frame: Any) -> None:
        _write(stream, *frame)
        stream.write(b"xyz")
        stream.flush()

    _once(write)


STRAYS = {
    "twice": _twice,
    "forge-after": _forge_after,
    "late": _late,
    "raw-before": _raw_before,
    "raw-after": _raw_after,
}
