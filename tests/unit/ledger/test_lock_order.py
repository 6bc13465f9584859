"""Each statement of the ledger that holds rows says in which order, or holds one."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from sheaf.ledger.bulk import Bulk
from sheaf.ledger.many_rows import TABLES
from sheaf.ledger.tables import items, jobs, leases, metadata
from sheaf.ledger.webhook_tables import outbox

LEDGER = Path(__file__).parents[3] / "sheaf" / "ledger"
HELD_ALREADY = {
    ("claims.py", "_CLAIM"),  # by _CLAIMABLE, in order
    ("admissions.py", "admit"),  # by _waiting, which waits for nobody
    ("admissions.py", "_waiting"),
    ("idempotency.py", "make"),  # one row, by `_is`
    ("idempotency.py", "end"),
}


def holding() -> Iterator[tuple[str, str, str, str]]:
    """Yield file, place, source text and table of each statement that holds rows."""
    for path in sorted(set(LEDGER.rglob("*.py")) - set(LEDGER.rglob("migrations/**/*.py"))):
        text = path.read_text()
        for name, node in _places(ast.parse(text)):
            source = ast.get_source_segment(text, node) or ""
            for table in re.findall(r"\b(\w+)\s*\.(?:update|delete)\(\)", source):
                yield path.name, name, source, table
            if ".with_for_update(" in source:
                yield path.name, name, source, ""


def _places(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            yield ast.unparse(statement.targets[0]), statement


def test_statements_that_hold_rows_are_found() -> None:
    assert len(list(holding())) > 40


@pytest.mark.parametrize(("file", "place", "source", "table"), list(holding()), ids=str)
def test_whoever_holds_rows_holds_one_or_all_in_order(
    file: str, place: str, source: str, table: str
) -> None:
    if (file, place) in HELD_ALREADY or "write_many(" in source or "Bulk(" in source:
        return
    if not table:
        names_one = re.search(r"\.c\.(id|name) == |_JOB\b|_row|live_upload|is_waiting", source)
        assert ".order_by(" in source or names_one
        return
    key = metadata.tables[table].primary_key
    assert all(f"{table}.c.{column.name} == " in source for column in key), (
        f"{file}, {place}: name one row of {table} by its primary key, or use write_many or Bulk"
    )


def test_every_table_has_its_place_in_the_order() -> None:
    assert outbox.metadata is metadata
    assert set(metadata.tables) == set(TABLES)
    assert len(set(TABLES)) == len(TABLES)


def test_an_update_for_many_rows_names_each_by_its_primary_key() -> None:
    of_job = items.c.job_id == sa.bindparam("b_job")
    for unsure in (
        items.update().where(of_job),
        items.update().where(of_job, items.c.ordinal > sa.bindparam("b_ordinal")),
        jobs.update(),
        leases.update().where(leases.c.holder == sa.bindparam("b_holder")),
    ):
        with pytest.raises(ValueError, match="names no"):
            Bulk(unsure.values(status=""))
