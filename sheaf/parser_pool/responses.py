"""What comes back from a parser process, or why nothing does, as the result of a file."""

import asyncio
import signal

from pydantic import ValidationError

from sheaf.contracts.documents import EngineFailure, EngineResult
from sheaf.contracts.failures import MAX_MESSAGE_CHARACTERS, FailureKind
from sheaf.parser_pool.frame_reader import ForeignFrameError, FrameTooLargeError
from sheaf.parser_pool.process import ParserProcess
from sheaf.parser_pool.requests import ParseRequest


async def response_of(
    process: ParserProcess, nonce: bytes, request: ParseRequest, gathering: float
) -> EngineResult:
    """Wait for the answer to the oldest request; what is wrong with it is a failure of its file.

    Args:
        process: is killed where it took too long, or sent what is no answer.
        nonce: what the answer must bear.
        request: what was sent under it.
        gathering: seconds for which answers may gather where none is here yet.

    Raises:
        ProcessDiedError: no whole answer came.
        ForeignFrameError: what came is no answer to it; whoever wrote it, the process is dead now.
    """
    try:
        # Most answers of short files are here already: those need neither a wait nor its bound.
        frame = process.received(nonce)
        if frame is None:
            async with asyncio.timeout(request.deadline_seconds):
                frame = await process.receive(nonce, gathering)
        result = _decoded(frame)
    except TimeoutError:
        process.kill()
        message = f"over the time allowed for one file ({request.deadline_seconds:g} s)"
        return failed_result(FailureKind.TIMEOUT, message)
    except ForeignFrameError:
        process.kill()
        raise
    except FrameTooLargeError:
        process.kill()
        return failed_result(
            FailureKind.TOO_LARGE, f"the result is over {process.most_bytes} bytes"
        )
    except _BadFrameError as error:
        process.kill()
        return failed_result(FailureKind.CRASHED, str(error))
    if result.failure is not None and result.failure.kind.is_transient:
        # What failed may be the process's own, such as files that an engine left open: those
        # that were sent ahead would meet it too.
        process.kill()
    return result


async def death_of(process: ParserProcess, request: ParseRequest) -> EngineResult:
    """Reap a process that has died, and say why as the result of the file that it was reading."""
    # A process that only closed its pipe gets no time to linger.
    # What it started may live on in its session, which the kill below ends too.
    code = await process.wait()
    process.kill()
    if process.ran_out_of_memory():
        mebibytes = process.memory_bytes // 2**20
        message = f"the document needs more memory than is allowed ({mebibytes} MiB)"
        return failed_result(FailureKind.TOO_LARGE, message)
    if code == -signal.SIGXCPU:
        seconds = request.engine_request.cpu_seconds
        message = f"over the processor time allowed for one file ({seconds} s)"
        return failed_result(FailureKind.TIMEOUT, message)
    return failed_result(FailureKind.CRASHED, f"parser process died: {_cause(code)}")


class _BadFrameError(Exception):
    """The answer of a process is not an EngineResult."""


def _decoded(frame: bytes) -> EngineResult:
    if not frame:
        raise _BadFrameError("the parser process sent an empty answer")
    try:
        result = EngineResult.model_validate_json(frame)
    except ValidationError as error:
        raise _BadFrameError("the parser process sent a malformed answer") from error
    if result.document is None and result.view is None and result.failure is None:
        raise _BadFrameError("the parser process sent neither a document nor a failure")
    return result


def _cause(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def failed_result(kind: FailureKind, message: str) -> EngineResult:
    """Return a failure as the result of a file."""
    failure = EngineFailure(kind=kind, message=message[:MAX_MESSAGE_CHARACTERS])
    return EngineResult(failure=failure)
