"""Connections to Postgres that never wait without end.

A server, or the network to it, may stop to answer without closing anything: a failover, a firewall
that forgets, a machine that hangs. TCP notices that after minutes, or never, since whatever stands
in between may go on to acknowledge. So every wait has an end here: for a connection, for the
answer to a statement, for the good-bye; and a connection that once did not answer in time is cut.
The server likewise ends what a client has left behind, and with it its locks.
"""

import socket
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from sheaf.ledger.left_sessions import WAITED_IN_VAIN, LeftSessions

MOST_CONNECT_SECONDS = 10.0
MOST_PING_SECONDS = 3.0
GOODBYE_SECONDS = 1.0

IDLE_TRANSACTION_SECONDS = 20
"""After which the server ends a transaction whose client says nothing more. Ours say the next
thing within milliseconds, and hold locks on a job's row meanwhile."""
LOCK_SECONDS = 20
"""Most time to wait for another transaction's lock."""
SILENT_SECONDS = 20
"""After which either side takes unacknowledged bytes for a sign that the other is gone."""
KEEPALIVE_SECONDS = (10, 5, 2)
"""Idle time before the first probe, time between probes, and lost probes that mean the end."""


def create_postgres_engine(
    url: str, pool_size: int, patience_seconds: float, *, is_hurried: bool = True
) -> AsyncEngine:
    """Return an engine whose connections are bounded in every wait.

    Args:
        url: `postgresql+asyncpg://…`.
        pool_size: connections kept open.
        patience_seconds: for a connection, and for the answer to a statement; TimeoutError after.
        is_hurried: whether statements are bounded; those of migrations take as long as they do.
    """
    statement = patience_seconds if is_hurried else None
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        pool_timeout=patience_seconds,
        connect_args={
            "connection_class": _Connection,
            "timeout": min(patience_seconds * 0.6, MOST_CONNECT_SECONDS),
            "command_timeout": statement,
            "server_settings": _server_settings(statement),
        },
    )
    _ping_at_checkout(engine, min(patience_seconds * 0.4, MOST_PING_SECONDS))
    _look_when_a_lock_is_kept(engine, LeftSessions(engine, IDLE_TRANSACTION_SECONDS))
    return engine


def _server_settings(statement_seconds: float | None) -> dict[str, str]:
    idle, interval, count = KEEPALIVE_SECONDS
    settings = {
        "tcp_keepalives_idle": str(idle),
        "tcp_keepalives_interval": str(interval),
        "tcp_keepalives_count": str(count),
        "tcp_user_timeout": _milliseconds(SILENT_SECONDS),
    }
    if statement_seconds is not None:
        settings |= {
            "statement_timeout": _milliseconds(statement_seconds),
            "lock_timeout": _milliseconds(min(statement_seconds, LOCK_SECONDS)),
            "idle_in_transaction_session_timeout": _milliseconds(IDLE_TRANSACTION_SECONDS),
        }
    return settings


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))


def _ping_at_checkout(engine: AsyncEngine, seconds: float) -> None:
    """Have a connection of the pool answer before it is used, by one round trip.

    SQLAlchemy's own ping takes three, and waits for as long as for any statement. All connections
    of the pool are made anew once one has not answered.
    """

    @sa.event.listens_for(engine.sync_engine, "connect")
    def on_connect(_: Any, record: Any) -> None:
        record.info["is_new"] = True

    @sa.event.listens_for(engine.sync_engine, "checkout")
    def on_checkout(connection: Any, record: Any, _: Any) -> None:
        if record.info.pop("is_new", False):
            return
        try:
            connection.run_async(lambda driver: driver.execute("SELECT 1", timeout=seconds))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise sa.exc.InvalidatePoolError from error


def _look_when_a_lock_is_kept(engine: AsyncEngine, left: LeftSessions) -> None:
    @sa.event.listens_for(engine.sync_engine, "handle_error")
    def on_error(context: sa.engine.ExceptionContext) -> None:
        error = context.original_exception
        if isinstance(error, TimeoutError) or getattr(error, "sqlstate", None) in WAITED_IN_VAIN:
            left.look()


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """A connection that is cut where others wait for the other side."""

    def __init__(self, protocol: Any, transport: Any, *rest: Any) -> None:
        super().__init__(protocol, transport, *rest)
        _keep_alive(transport)

    def _cancel_current_command(self, *_: Any) -> None:
        """Cut the connection when a command is cancelled or was not answered in time.

        asyncpg would ask the server by a second connection to stop, and have the first wait for
        both; where the server does not answer, neither ends.
        """
        self._loop.call_soon(self.terminate)

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as asyncpg has it
        """Say good-bye, and leave a side that does not answer."""
        try:
            await super().close(timeout=min(timeout or GOODBYE_SECONDS, GOODBYE_SECONDS))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            self.terminate()


def _keep_alive(transport: Any) -> None:
    """Have the kernel find out, in seconds, that the other machine is gone."""
    sock = transport.get_extra_info("socket")
    if sock is None or sock.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    idle, interval, count = KEEPALIVE_SECONDS
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", idle),
        ("TCP_KEEPINTVL", interval),
        ("TCP_KEEPCNT", count),
        ("TCP_USER_TIMEOUT", SILENT_SECONDS * 1000),
    ):
        if (option := getattr(socket, name, None)) is not None:  # not on every system
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
