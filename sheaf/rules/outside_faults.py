"""Whose fault an error is that came from outside: the item's, the world's, or our own.

The one place that tells them apart, for errors of the operating system, of object stores, of the
drivers of databases and of Temporal. What is not known to be the item's or ours is taken for a
fault that passes: a wait too many costs time, a failure too many costs a file.

Drivers are told by the names of their classes and by the codes that they carry, so that nothing
has to be imported for it.
"""

import errno
import re
from enum import StrEnum

from sheaf.contracts.failures import FailureKind, OutageError

MAX_REASON_CHARACTERS = 300


class Blame(StrEnum):
    """Whose fault an error is."""

    ITEM = "item"
    """What was asked for is gone, or may not be had; it will be so again."""
    OUTSIDE = "outside"
    """The machine, the network, a store or a service; it passes, and is nobody's attempt."""
    PROGRAM = "program"
    """A statement or an argument of ours is wrong, or code is."""


_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})
_REFUSED = frozenset(
    {
        *(errno.EACCES, errno.EPERM),
        *(errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EILSEQ),
        errno.ENXIO,  # a socket or a pipe, opened as if it were a file
    }
)

_ANSWERED = re.compile(r"status code: (\d{3})")
_PASSING_REFUSALS = ("ExpiredToken", "RequestTimeTooSkewed", "TokenRefreshRequired")
"""Codes of S3's 403 that are of the machine: its clock, and keys that are about to be renewed."""

_OF_ITEM = frozenset(
    {
        "AlreadyExistsError",
        "InvalidPathError",
        "NotFoundError",
        "NotModifiedError",
        "PermissionDeniedError",
        "PreconditionError",
    }
)
"""What obstore raises of one object or prefix."""

_OF_PROGRAM = frozenset(
    {
        *("DataError", "IntegrityError", "ProgrammingError"),
        *("ArgumentError", "CompileError", "MultipleResultsFound", "NoResultFound"),
        "UnknownConfigurationKeyError",
    }
)
"""What drivers, SQLAlchemy and obstore raise of a call that is wrong."""

_SQLSTATE_OF_PROGRAM = ("21", "22", "23", "26", "42")
"""Classes: cardinality, data, constraint, statement name, syntax or access rule."""

_SQLITE_OF_PROGRAM = frozenset({1, 18, 19, 20, 21, 25})
"""SQLITE_ERROR, TOOBIG, CONSTRAINT, MISMATCH, MISUSE, RANGE."""

_RPC_OF_ITEM = frozenset({"ALREADY_EXISTS", "NOT_FOUND"})
_RPC_OF_PROGRAM = frozenset(
    {"FAILED_PRECONDITION", "INVALID_ARGUMENT", "OUT_OF_RANGE", "UNIMPLEMENTED"}
)

_OF_CODE = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, NameError),
    *(RuntimeError, TypeError, ValueError, ImportError, SyntaxError, StopAsyncIteration),
)
_OURS = frozenset({"activities", "sheaf", "workflows"})
"""What our own modules raise on purpose is caught by name; what is not is an error of code."""


def blame(error: BaseException) -> Blame:
    """Return whose fault an error is, by what raised it and with which code."""
    if type(error).__module__ == "builtins" and isinstance(error, OSError) and error.errno:
        return blame_of_errno(error.errno)
    if isinstance(error, OutageError):
        return Blame.OUTSIDE
    if isinstance(error, BaseExceptionGroup):
        # Of several tasks: an outage stops the others, too, wherever they are.
        found = {blame(one) for one in error.exceptions}
        return next(one for one in (Blame.OUTSIDE, Blame.PROGRAM, Blame.ITEM) if one in found)
    wrapped = getattr(error, "orig", None)  # SQLAlchemy keeps the driver's error so
    if isinstance(wrapped, Exception):
        return blame(wrapped)
    return _blame_of_code(error) or _blame_of_class(error)


def blame_of_errno(code: int | None) -> Blame:
    """Return whose fault a call to the operating system is that failed with this code."""
    return Blame.ITEM if code in _GONE | _REFUSED else Blame.OUTSIDE


def is_outside_fault(error: BaseException) -> bool:
    """Whether an error passes by itself, or once an operator has done something about it."""
    return blame(error) is Blame.OUTSIDE


def kind_of_errno(code: int | None) -> FailureKind:
    """Return why a file cannot be read whose opening or reading failed with this code."""
    if code in _GONE:
        return FailureKind.SOURCE_CHANGED
    return FailureKind.REFUSED if code in _REFUSED else FailureKind.UNAVAILABLE


def reason(error: BaseException) -> str:
    """Return what to tell people of an error: one line, without statements and their values."""
    told = getattr(error, "orig", None) or error
    text = str(told).partition("\n")[0].strip()
    return f"{type(told).__name__}: {text}"[:MAX_REASON_CHARACTERS]


def _blame_of_code(error: BaseException) -> Blame | None:
    """Judge by the code of Postgres, SQLite, S3 or gRPC that an error carries, if it does."""
    sqlstate = getattr(error, "sqlstate", None)
    if isinstance(sqlstate, str):
        return Blame.PROGRAM if sqlstate.startswith(_SQLSTATE_OF_PROGRAM) else Blame.OUTSIDE
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        return Blame.PROGRAM if code & 0xFF in _SQLITE_OF_PROGRAM else Blame.OUTSIDE
    response = getattr(error, "response", None)
    if isinstance(response, dict):  # botocore's answer of S3
        code, text = response.get("ResponseMetadata", {}).get("HTTPStatusCode"), str(error)
        return _blame_of_answer(f"status code: {code} {text}")
    status = getattr(getattr(error, "status", None), "name", None)
    if not isinstance(status, str):
        return None
    if status in _RPC_OF_ITEM:
        return Blame.ITEM
    return Blame.PROGRAM if status in _RPC_OF_PROGRAM else Blame.OUTSIDE


def _blame_of_class(error: BaseException) -> Blame:
    names = {parent.__name__ for parent in type(error).__mro__}
    if names & _OF_PROGRAM:
        return Blame.PROGRAM
    if isinstance(error, FileNotFoundError | PermissionError):  # obstore's have no errno
        return Blame.ITEM
    if isinstance(error, OSError):
        return Blame.OUTSIDE if error.__cause__ is None else blame(error.__cause__)
    if isinstance(error, _OF_CODE) or type(error).__module__.partition(".")[0] in _OURS:
        return Blame.PROGRAM
    if "GenericError" in names:
        return _blame_of_answer(str(error))
    return Blame.ITEM if names & _OF_ITEM else Blame.OUTSIDE


def _blame_of_answer(text: str) -> Blame:
    """Judge by the status of an answer, which is all that obstore's catch-all tells."""
    found = _ANSWERED.search(text)
    if found is None or found[1] not in {"403", "404"}:
        return Blame.OUTSIDE
    return Blame.OUTSIDE if any(code in text for code in _PASSING_REFUSALS) else Blame.ITEM
