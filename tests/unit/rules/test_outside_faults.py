"""Whose fault an error from outside is; what is not known to be another's passes."""

import builtins
import errno
import socket
import sqlite3
import ssl
import subprocess
import sys
from contextlib import closing
from typing import Any, cast

import asyncpg
import httpx
import obstore.exceptions as obstore_errors
import pytest
import sqlalchemy as sa
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from temporalio.service import RPCError, RPCStatusCode

from sheaf.contracts.failures import DocumentError, FailureKind, OutageError
from sheaf.ledger.records import NotFoundError, SupersededError
from sheaf.rules.outside_faults import (
    Blame,
    blame,
    blame_of_errno,
    is_outside_fault,
    kind_of_errno,
    reason,
)
from sheaf.storage.object_store import ObjectStoreError, faults

GONE = {errno.ENOENT, errno.ENOTDIR}
REFUSED = {
    *(errno.EACCES, errno.EPERM, errno.EISDIR, errno.ELOOP),
    *(errno.ENAMETOOLONG, errno.EILSEQ, errno.ENXIO),
}


@pytest.mark.parametrize("code", sorted(errno.errorcode), ids=lambda code: errno.errorcode[code])
def test_only_what_is_gone_or_refused_is_the_files_own_fault(code: int) -> None:
    expected = (
        FailureKind.SOURCE_CHANGED
        if code in GONE
        else FailureKind.REFUSED
        if code in REFUSED
        else FailureKind.UNAVAILABLE
    )
    assert kind_of_errno(code) is expected
    is_own = code in GONE | REFUSED
    assert blame(OSError(code, "said so")) is (Blame.ITEM if is_own else Blame.OUTSIDE)
    assert kind_of_errno(code).is_transient is not is_own


@given(st.integers() | st.none())
def test_a_code_that_nobody_knows_passes(code: int | None) -> None:
    if code not in GONE | REFUSED:
        assert blame_of_errno(code) is Blame.OUTSIDE
        assert kind_of_errno(code).is_transient


@pytest.mark.parametrize(
    "error",
    [
        OSError("no code"),
        TimeoutError(),
        ConnectionResetError(),
        socket.gaierror(1, "its code is not one of the operating system"),
        ssl.SSLError(1, "its code is not one of the operating system"),
        EOFError(),
        MemoryError(),
        httpx.ConnectTimeout("slow"),
        ObjectStoreError("503"),
        OutageError("the source", "503"),
        sa.exc.TimeoutError("no connection is free"),
    ],
    ids=repr,
)
def test_faults_of_machine_and_network_pass(error: Exception) -> None:
    assert is_outside_fault(error)


@pytest.mark.parametrize(
    "error",
    [
        *(KeyError("skipped"), TypeError(), AssertionError(), RecursionError()),
        UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"),
        *(ZeroDivisionError(), SupersededError(), NotFoundError()),
        DocumentError(FailureKind.CORRUPT, "bad"),
    ],
    ids=repr,
)
def test_what_code_of_ours_raises_does_not_pass(error: Exception) -> None:
    assert blame(error) is Blame.PROGRAM


def postgres_errors() -> list[type[asyncpg.PostgresError]]:
    found = [getattr(asyncpg.exceptions, name) for name in asyncpg.exceptions.__all__]
    return [
        one
        for one in found
        if issubclass(one, asyncpg.PostgresError) and isinstance(one.sqlstate, str)
    ]


def wrapped(error: Exception) -> Exception:
    """Return what SQLAlchemy makes of an error of asyncpg."""
    dbapi = AsyncAdapt_asyncpg_dbapi(asyncpg)
    names = dbapi._asyncpg_error_translate
    made = next(names[parent] for parent in type(error).__mro__ if parent in names)
    orig = made(str(error), error)
    return sa.exc.DBAPIError.instance("SELECT 'secret'", {}, orig, dbapi.Error)  # type: ignore[return-value]


@pytest.mark.parametrize("kind", postgres_errors(), ids=lambda kind: kind.__name__)
def test_postgres_is_at_fault_unless_the_statement_is(kind: type[asyncpg.PostgresError]) -> None:
    is_ours = kind.sqlstate[:2] in {"21", "22", "23", "26", "42"}
    for error in (kind("said so"), wrapped(kind("said so"))):
        assert blame(error) is (Blame.PROGRAM if is_ours else Blame.OUTSIDE)
        assert "secret" not in reason(error)


@pytest.mark.parametrize(
    "kind",
    [
        asyncpg.exceptions.AdminShutdownError,
        asyncpg.exceptions.CannotConnectNowError,
        asyncpg.exceptions.TooManyConnectionsError,
        asyncpg.exceptions.DiskFullError,
        asyncpg.exceptions.QueryCanceledError,
        asyncpg.exceptions.LockNotAvailableError,
        asyncpg.exceptions.DeadlockDetectedError,
        asyncpg.exceptions.ReadOnlySQLTransactionError,
        asyncpg.exceptions.ConnectionDoesNotExistError,
    ],
)
def test_a_postgres_that_restarts_is_full_or_is_busy_passes(
    kind: type[asyncpg.PostgresError],
) -> None:
    assert is_outside_fault(wrapped(kind("said so")))
    assert is_outside_fault(wrapped(asyncpg.InterfaceError("connection is closed")))


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (404, "NoSuchBucket", Blame.ITEM),
        (403, "AccessDenied", Blame.ITEM),
        (403, "RequestTimeTooSkewed", Blame.OUTSIDE),
        (503, "SlowDown", Blame.OUTSIDE),
        (500, "InternalError", Blame.OUTSIDE),
    ],
)
def test_an_answer_of_s3_is_judged_by_its_status(status: int, code: str, expected: Blame) -> None:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    refused = ClientError(cast("Any", answer), "ListObjectsV2")
    told = ObjectStoreError("said so")
    told.__cause__ = refused
    assert blame(refused) is blame(told) is expected
    away = EndpointConnectionError(endpoint_url="https://s3")
    assert blame(away) is Blame.OUTSIDE


def test_sqlite_is_at_fault_unless_the_statement_is() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in ("SELECT * FROM nowhere", "SELEC"):
            with pytest.raises(sqlite3.OperationalError) as raised:
                connection.execute(statement)
            assert blame(raised.value) is Blame.PROGRAM
    with pytest.raises(sqlite3.OperationalError) as raised:
        sqlite3.connect("/nowhere/at/all")
    assert is_outside_fault(raised.value)
    for code in (5, 6, 8, 10, 11, 13, 14, 26, 10 | (3 << 8)):
        error = sqlite3.OperationalError("said so")
        error.sqlite_errorcode = code
        assert is_outside_fault(sa.exc.OperationalError("SELECT 1", {}, error))


@pytest.mark.parametrize("status", list(RPCStatusCode), ids=lambda status: status.name)
def test_temporal_is_at_fault_unless_the_request_is(status: RPCStatusCode) -> None:
    error = RPCError("said so", status, b"")
    ours = {"FAILED_PRECONDITION", "INVALID_ARGUMENT", "OUT_OF_RANGE", "UNIMPLEMENTED"}
    if status.name in ours:
        assert blame(error) is Blame.PROGRAM
    else:
        is_gone = status.name in {"NOT_FOUND", "ALREADY_EXISTS"}
        assert blame(error) is (Blame.ITEM if is_gone else Blame.OUTSIDE)


def test_object_stores_are_at_fault_unless_one_object_is() -> None:
    of_item = {"PermissionDenied", "NotFound", "Precondition", "InvalidPath"}
    for name in (*of_item, "Generic", "Join", "Unauthenticated"):
        error = getattr(obstore_errors, f"{name}Error")("said so")
        expected = Blame.ITEM if name in of_item else Blame.OUTSIDE
        assert blame(error) is expected
        with pytest.raises(ObjectStoreError) as raised, faults():
            raise error
        assert blame(raised.value) is expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("404 Not Found: <Code>NoSuchBucket</Code>", Blame.ITEM),
        ("403 Forbidden: <Code>AccessDenied</Code>", Blame.ITEM),
        ("403 Forbidden: <Code>RequestTimeTooSkewed</Code>", Blame.OUTSIDE),
        ("400 Bad Request: <Code>ExpiredToken</Code>", Blame.OUTSIDE),
        ("500 Internal Server Error", Blame.OUTSIDE),
        ("503 Slow Down", Blame.OUTSIDE),
    ],
)
def test_a_listing_is_judged_by_what_the_store_answered(answer: str, expected: Blame) -> None:
    text = f"Generic S3 error: GET /bucket - Server returned non-2xx status code: {answer}"
    assert blame(obstore_errors.GenericError(text)) is expected


def test_objects_that_are_gone_have_no_code_of_the_system() -> None:
    assert blame(FileNotFoundError("Object at location x not found")) is Blame.ITEM
    assert blame(PermissionError("no")) is Blame.ITEM


def test_a_reason_is_one_short_line() -> None:
    assert reason(OSError(errno.ENOSPC, "No space left on device\nand a dump")) == (
        "OSError: [Errno 28] No space left on device"
    )
    assert len(reason(ValueError("x" * 5000))) <= 300


def test_every_error_of_the_language_is_judged() -> None:
    kinds = [one for one in vars(builtins).values() if isinstance(one, type)]
    for kind in kinds:
        if issubclass(kind, Exception) and kind.__name__ not in {
            *("UnicodeDecodeError", "UnicodeEncodeError", "UnicodeTranslateError"),
            "ExceptionGroup",
        }:
            assert blame(kind()) in Blame


def test_judging_needs_no_driver() -> None:
    code = (
        "import sys, sheaf.rules.outside_faults; "
        "assert not {'obstore', 'sqlalchemy', 'temporalio', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([KeyError("skipped"), ConnectionResetError("away")], Blame.OUTSIDE),
        ([KeyError("skipped"), FileNotFoundError(errno.ENOENT, "gone")], Blame.PROGRAM),
        ([FileNotFoundError(errno.ENOENT, "gone")], Blame.ITEM),
        ([ExceptionGroup("inner", [KeyError("skipped")])], Blame.PROGRAM),
    ],
)
def test_errors_of_several_tasks_are_an_outage_where_one_of_them_is(
    errors: list[Exception], expected: Blame
) -> None:
    assert blame(ExceptionGroup("of tasks", errors)) is expected
