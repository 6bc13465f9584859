"""Statements that are run for hundreds of rows at once.

SQLAlchemy reads each row's parameters anew, with a dictionary a row, which takes as long as the
database does. Here the way from a row to the driver's parameters is found once a dialect.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import operators, visitors
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
        if self.process is None:
            return values
        if values.count(values[0]) == len(values):
            # Rows of one job name it in each; what an item has not is missing in most.
            return [self.process(values[0])] * len(values)
        return list(map(self.process, values))


class Bulk:
    """An INSERT or UPDATE of one row, to be run for many.

    Args:
        statement: what is run. The keys of the first row are its columns for an INSERT, and its
            parameters otherwise; the rest of its values are constants, or left to the database.
            An UPDATE names its row by the whole primary key.
    """

    def __init__(self, statement: sa.Insert | sa.Update) -> None:
        self._statement = statement
        self._key = _key(statement) if isinstance(statement, sa.Update) else ()
        self._compiled: dict[tuple[str, ...], tuple[str, list[_Parameter]]] = {}

    async def execute(self, connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run the statement for each row by one call of the driver; nothing for none.

        Rows are inserted in the order given. They are updated in that of their primary key, as
        `sheaf.ledger.many_rows` says.

        Raises:
            KeyError: a row lacks a key of the first one.
        """
        if not rows:
            return
        text, parameters = self._of(connection.dialect, tuple(rows[0]))
        columns = [parameter.values(rows) for parameter in parameters]
        written = list(zip(*columns, strict=True))
        if self._key:
            names = [parameter.name for parameter in parameters]
            written.sort(key=itemgetter(*map(names.index, self._key)))
        await connection.exec_driver_sql(text, written)

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


def _key(statement: sa.Update) -> tuple[str, ...]:
    """Return the parameters that an UPDATE compares its table's primary key with, in its order.

    Raises:
        ValueError: it does not name one row.
    """
    named: dict[str, str] = {}
    for clause in statement._where_criteria:
        for part in visitors.iterate(clause):
            if (
                isinstance(part, sa.BinaryExpression)
                and part.operator is operators.eq
                and isinstance(part.left, sa.Column)
                and isinstance(part.right, sa.BindParameter)
            ):
                named[part.left.name] = part.right.key
    key = cast("sa.Table", statement.table).primary_key
    try:
        return tuple(named[column.name] for column in key)
    except KeyError as error:
        raise ValueError(f"an UPDATE for many rows names no {error} of {statement.table}") from None
