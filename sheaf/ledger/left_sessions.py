"""Sessions of Postgres whose clients are gone without a word, and that the server does not end.

A statement is sent in two steps: it is prepared, and then run. A client that falls silent between
them, within a transaction, leaves a session that is neither idle nor runs anything: no time-out of
the server counts there before version 17, and it keeps its locks for as long as its connection
seems to be open. So whoever has waited for a lock in vain looks for such sessions, and ends them.
"""

import asyncio

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

log = structlog.get_logger(__name__)

WAITED_IN_VAIN = frozenset({"55P03", "57014"})
"""SQLSTATE of a lock's time-out, and of a statement's: whichever of the two is shorter."""

END = sa.text(
    """
    SELECT pg_terminate_backend(pid)
    FROM pg_stat_activity
    WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()
      AND state = 'active' AND wait_event_type = 'Client' AND wait_event = 'ClientRead'
      AND xact_start IS NOT NULL
      AND state_change < clock_timestamp() - make_interval(secs => :seconds)
    """
)


class LeftSessions:
    """Ends what clients of the same user and database have left.

    Args:
        engine: gives a connection to look by.
        seconds: after which a client that has not run what it has prepared is taken to be gone.
    """

    def __init__(self, engine: AsyncEngine, seconds: float) -> None:
        self._engine = engine
        self._seconds = seconds
        self._looking: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Look for such sessions in the background, unless a look is under way."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._end())

    async def _end(self) -> None:
        try:
            async with self._engine.connect() as connection:
                ended = (await connection.execute(END, {"seconds": self._seconds})).all()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            # Whoever waits for a lock in vain next looks again.
            log.info("cannot look for left sessions", cause=type(error).__name__)
            return
        if ended:
            log.warning("ended sessions of the ledger that were left", sessions=len(ended))
