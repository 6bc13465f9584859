"""Errors of the machine that were met while a document was read: none of them is the document's.

They come as OSError, as the cause of an engine's error, or only as its words; so every failure that
leaves a parser process is looked through for one, with all that led to it.
"""

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.rules.outside_faults import Blame, blame_of_errno, kind_of_errno

_OF_ARGUMENT = frozenset(
    {errno.EINVAL, errno.EOVERFLOW, errno.ERANGE, errno.EDOM, errno.ESPIPE, errno.EBADF}
)
"""What a call gives for a place or a size that a document named, and that no file has."""

_IN_WORDS = re.compile(r"\(os error ([0-9]{1,4})\)")
"""How Rust writes an error of the system."""

_SPOKEN = {
    os.strerror(code): code
    for code in (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO)
}
"""How C writes those that are the machine's whatever the call."""

MAX_CAUSES = 20


def is_of_document(error: OSError) -> bool:
    """Whether a call failed for what a document asked of it, such as a place before its begin."""
    return error.errno is None or error.errno in _OF_ARGUMENT


def fault_of_machine(error: BaseException) -> DocumentError | None:
    """Return what an error means of which the machine is a cause; None where it is not."""
    for cause in _causes(error):
        if isinstance(cause, DocumentError) and cause.kind.is_transient:
            return cause
        if isinstance(cause, ImportError) and not isinstance(cause, ModuleNotFoundError):
            return DocumentError(FailureKind.UNAVAILABLE, f"an engine cannot be loaded: {cause}")
        code = _code(cause)
        if code == errno.EFBIG:
            message = "the document needs a temporary file over the limit of its size"
            return DocumentError(FailureKind.TOO_LARGE, message)
        if code is None or code in _OF_ARGUMENT or blame_of_errno(code) is not Blame.OUTSIDE:
            continue
        message = f"the machine failed while the file was read: {os.strerror(code)}"
        return DocumentError(FailureKind.UNAVAILABLE, message)
    return None


def raise_if_of_machine(error: BaseException) -> None:
    """Check an error that is about to be passed over, or to be taken for the document's.

    Raises:
        DocumentError: Unavailable, or TooLarge: the machine is a cause of it.
    """
    if (fault := fault_of_machine(error)) is not None:
        raise fault


def raise_unopened(path: Path) -> NoReturn:
    """Raise why an engine could not open a file that was there a moment ago.

    Raises:
        OSError: it cannot be opened now either.
        DocumentError: Unavailable; engines say of any reason that there is no such file.
    """
    path.open("rb").close()
    raise DocumentError(FailureKind.UNAVAILABLE, "the engine could not open the file")


def failure_of(error: BaseException, path: str) -> DocumentError:
    """Return what an error that nothing has foreseen means for a file.

    Args:
        error: what reading the file ended with.
        path: the file; an error of the system that names it is told as its own.
    """
    if (fault := fault_of_machine(error)) is not None:
        return fault
    if isinstance(error, OSError) and str(error.filename) == path and error.errno:
        kind = kind_of_errno(error.errno)
        return DocumentError(kind, f"the file cannot be read: {error.strerror}")
    name = type(error).__name__
    return DocumentError(FailureKind.CRASHED, f"the parser failed on this file: {name}: {error}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what led to it, the last first."""
    cause: BaseException | None = error
    for _ in range(MAX_CAUSES):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or cause.__context__


def _code(error: BaseException) -> int | None:
    if isinstance(error, OSError):
        return error.errno
    words = str(error)
    if found := _IN_WORDS.search(words):
        return int(found[1])
    return next((code for spoken, code in _SPOKEN.items() if spoken in words), None)
