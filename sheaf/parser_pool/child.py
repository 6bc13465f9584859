"""The main of a parser process: `python -m sheaf.parser_pool.child MODULE`.

Reads EngineRequest frames from stdin and writes one EngineResult frame for each, with its nonce, to
what was stdout, after a first frame that says it is ready. It ends when stdin closes. MODULE must
have a function `handle(request) -> EngineResult`.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from sheaf.parser_pool.frames import MAX_FRAME_BYTES, NO_REQUEST, READY, read_frame, write_frame
from sheaf.runtime.sandbox import allow_processor_seconds, confine

if TYPE_CHECKING:
    from sheaf.contracts.documents import EngineRequest, EngineResult
    from sheaf.contracts.failures import FailureKind

    Handler = Callable[[EngineRequest], EngineResult]

DEFAULT_MODULE = "sheaf.engines.dispatch"


def main(arguments: list[str] | None = None) -> NoReturn:
    """Serve requests until stdin closes."""
    parser = argparse.ArgumentParser(description="Serve parse requests on stdin.")
    parser.add_argument("module", nargs="?", default=DEFAULT_MODULE)
    parser.add_argument("--memory-bytes", type=int, default=4 * 1024**3)
    parser.add_argument("--parent", type=int, default=os.getppid())
    options = parser.parse_args(arguments)
    # Before the imports below: pydantic and the engines must live within the limits too.
    confine(options.memory_bytes, options.parent)
    answers = _claim_stdout()
    _serve(importlib.import_module(options.module).handle, sys.stdin.buffer, answers)
    # Not by the interpreter's own end: xberg's threads can outlive it and crash (1.3.9).
    os._exit(0)


def _claim_stdout() -> BinaryIO:
    """Return a private copy of stdout, and point file 1 at stderr.

    A library that prints would otherwise write into the middle of a frame.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _serve(handle: "Handler", requests: BinaryIO, answers: BinaryIO) -> None:
    from sheaf.contracts.documents import EngineRequest

    write_frame(answers, NO_REQUEST, READY)
    while (frame := read_frame(requests)) is not None:
        nonce, payload = frame
        request = EngineRequest.model_validate_json(payload)
        # The limit is of the whole process, so each file moves it on by what it is allowed.
        allow_processor_seconds(request.cpu_seconds)
        answer = _answer(handle, request)
        write_frame(answers, nonce, answer)


def _answer(handle: "Handler", request: "EngineRequest") -> bytes:
    from sheaf.contracts.failures import FailureKind
    from sheaf.engines.system_faults import failure_of

    try:
        result = handle(request)
        # A handler without an answer is told from one that died: it sends an empty frame.
        frame = result.model_dump_json().encode() if result is not None else b""
    except MemoryError:
        return _failure(FailureKind.TOO_LARGE, "the document needs more memory than is allowed")
    except RecursionError:
        return _failure(FailureKind.TOO_LARGE, "the document is nested too deeply")
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - a panic in Rust is no Exception
        failure = failure_of(error, request.path)
        return _failure(failure.kind, failure.message)
    if len(frame) > MAX_FRAME_BYTES:
        return _failure(FailureKind.TOO_LARGE, f"the result is over {MAX_FRAME_BYTES} bytes")
    return frame


def _failure(kind: "FailureKind", message: str) -> bytes:
    from sheaf.contracts.documents import EngineFailure, EngineResult
    from sheaf.contracts.failures import MAX_MESSAGE_CHARACTERS

    failure = EngineFailure(kind=kind, message=message[:MAX_MESSAGE_CHARACTERS])
    return EngineResult(failure=failure).model_dump_json().encode()


if __name__ == "__main__":
    main()
