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
        statement: what is run; values that are not among `columns` are constants in it.
        columns: keys that each row has: names of columns for an INSERT, of parameters otherwise.
            Defaults of other columns are left to the database.
    """

    def __init__(self, statement: sa.Insert | sa.Update, columns: Sequence[str]) -> None:
        self._statement = statement
        self._columns = list(columns)
        self._compiled: dict[str, tuple[str, list[_Parameter]]] = {}

    async def execute(self, connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run the statement for each row, in order, by one call of the driver; nothing for none.

        Raises:
            KeyError: a row lacks one of the columns.
        """
        if not rows:
            return
        text, parameters = self._of(connection.dialect)
        columns = [parameter.values(rows) for parameter in parameters]
        await connection.exec_driver_sql(text, list(zip(*columns, strict=True)))

    def _of(self, dialect: Dialect) -> tuple[str, list[_Parameter]]:
        if dialect.name not in self._compiled:
            compiled = self._statement.compile(dialect=dialect, column_keys=self._columns)
            assert isinstance(compiled, SQLCompiler)
            assert compiled.positiontup is not None
            constants = compiled.params
            parameters = [
                _Parameter(
                    name,
                    name in self._columns,
                    constants.get(name),
                    compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect),
                )
                for name in compiled.positiontup
            ]
            self._compiled[dialect.name] = (compiled.string, parameters)
        return self._compiled[dialect.name]
