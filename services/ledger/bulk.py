"""Statements that are run for hundreds of rows at once.

SQLAlchemy reads each row's parameters anew, with a dictionary a row, which takes as long as the
database does. Here the way from a row to the driver's parameters is found once a dialect.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.compiler import SQLCompiler


@dataclass(frozen=True)
class _Parameter:
    """One place in the statement's text, and what goes there."""

    name: str
    is_column: bool
    constant: Any
    process: Callable[[Any], Any] | None

    def values(self, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Return what the driver gets of each row."""
        if not self.is_column:
            constant = self.process(self.constant) if self.process else self.constant
            return [constant] * len(rows)
        values = [row[self.name] for row in rows]
        return values if self.process is None else list(map(self.process, values))


class Bulk:
    """An INSERT or UPDATE of one row, to be run for many.

    Args:
        statement: what is run. The keys of the first row are its columns for an INSERT, and its
            parameters otherwise; the rest of its values are constants, or left to the database.
    """

    def __init__(self, statement: sa.Insert | sa.Update) -> None:
        self._statement = statement
        self._compiled: dict[tuple[str, ...], tuple[str, list[_Parameter]]] = {}

    async def execute(self, connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run the statement for each row, in order, by one call of the driver; nothing for none.

        Raises:
            KeyError: a row lacks a key of the first one.
        """
        if not rows:
            return
        text, parameters = self._of(connection.dialect, tuple(rows[0]))
        columns = [parameter.values(rows) for parameter in parameters]
        await connection.exec_driver_sql(text, list(zip(*columns, strict=True)))

    def _of(self, dialect: Dialect, keys: tuple[str, ...]) -> tuple[str, list[_Parameter]]:
        known = (dialect.name, *keys)
        if known not in self._compiled:
            compiled = self._statement.compile(dialect=dialect, column_keys=list(keys))
            assert isinstance(compiled, SQLCompiler)
            assert compiled.positiontup is not None
            constants = compiled.params
            parameters = [
                _Parameter(
                    name,
                    name in keys,
                    constants.get(name),
                    compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect),
                )
                for name in compiled.positiontup
            ]
            self._compiled[known] = (compiled.string, parameters)
        return self._compiled[known]
