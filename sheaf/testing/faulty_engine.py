"""An engine that fails as the content of a file asks it to; other files are really parsed."""

import contextlib
import ctypes
import inspect
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sheaf.contracts.documents import EngineRequest, EngineResult, ParsedDocument
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines import dispatch
from sheaf.parser_pool.frames import HEADER, new_nonce

CUE = "fault: "
NOTHING = ParsedDocument(
    pages=(), media_type="text/plain", engine="faulty", engine_version="1", total_pages=0
)


def handle(request: EngineRequest) -> EngineResult | None:
    """Fail by the word after the cue in the first line of the file."""
    head = Path(request.path).read_bytes()[:200].decode("latin-1")
    if head.startswith(f"{CUE}empty"):
        return EngineResult(document=NOTHING)
    if head.startswith(CUE):
        cue = head.removeprefix(CUE).split()[0]
        name, _, value = cue.partition("=")
        FAULTS[name](*filter(None, [value]))
        if cue == "nothing":
            return None
    return dispatch.handle(request)


def _segfault() -> None:
    ctypes.string_at(0)


def _spin() -> None:
    while True:
        pass


def _eat_memory() -> None:
    hoard = []
    while True:
        hoard.append(bytearray(64 * 1024**2))


def _abort_for_memory() -> None:
    os.write(2, b"memory allocation of 9000000000 bytes failed\n")
    os.abort()


def _sleep() -> None:
    time.sleep(3600)


def _print() -> None:
    sys.stdout.write("chatter\n" * (10 * 1024**2 // 8))
    sys.stdout.flush()
    os.write(1, b"raw chatter\n" * 1000)


def _write_to_the_pipe(frame: bytes) -> None:
    for descriptor in range(3, 64):
        try:
            is_pipe = str(Path(f"/proc/self/fd/{descriptor}").readlink()).startswith("pipe:")
        except OSError:
            continue
        if is_pipe:
            os.write(descriptor, frame)
    time.sleep(3600)


def _own_nonce() -> bytes:
    """Return the nonce of the request in hand, as code of a document could find it."""
    frame = inspect.currentframe()
    while frame is not None:
        nonce = frame.f_locals.get("nonce")
        if isinstance(nonce, bytes):
            return nonce
        frame = frame.f_back
    raise LookupError


def _garbage() -> None:
    _write_to_the_pipe(HEADER.pack(_own_nonce(), 9) + b"not JSON.")


def _foreign() -> None:
    _write_to_the_pipe(HEADER.pack(new_nonce(), 2) + b"{}")


def _huge() -> None:
    _write_to_the_pipe(HEADER.pack(_own_nonce(), 2**32 - 1))


def _fork() -> None:
    if os.fork() == 0:
        time.sleep(3600)
    time.sleep(3600)


def _litter() -> None:
    Path(os.environ["TMPDIR"], "left-behind").write_text("litter")
    Path("in-the-working-directory").write_text("litter")


def _raise() -> None:
    message = "the engine gave up"
    raise ValueError(message)


def _fail_as_the_system(code: str) -> None:
    raise OSError(int(code), os.strerror(int(code)))


def _fail_as_rust(code: str) -> None:
    message = f"IO error: {os.strerror(int(code))} (os error {code})"
    raise RuntimeError(message)


def _blame_the_document(code: str) -> None:
    try:
        _fail_as_the_system(code)
    except OSError as error:
        message = "broken container"
        raise DocumentError(FailureKind.CORRUPT, message) from error


def _break_an_engine() -> None:
    message = "libengine.so.1: cannot open shared object file"
    raise ImportError(message)


def _take_all_descriptors() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (os.dup(2) + 1, hard))
    with contextlib.suppress(OSError):
        while True:
            os.dup(2)


def _recurse() -> None:
    _recurse()


def _leave() -> None:
    os._exit(3)


FAULTS: dict[str, Callable[..., None]] = {
    "segfault": _segfault,
    "spin": _spin,
    "memory": _eat_memory,
    "abort": _abort_for_memory,
    "sleep": _sleep,
    "print": _print,
    "garbage": _garbage,
    "foreign": _foreign,
    "huge": _huge,
    "fork": _fork,
    "litter": _litter,
    "raise": _raise,
    "recursion": _recurse,
    "exit": _leave,
    "system": _fail_as_the_system,
    "rust": _fail_as_rust,
    "blame": _blame_the_document,
    "import": _break_an_engine,
    "descriptors": _take_all_descriptors,
    "nothing": lambda: None,
}
