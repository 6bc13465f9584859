"""What the ledger gives is typed: columns of words hold the members of their enumerations."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.aiosqlite import dialect

from sheaf.contracts.states import ItemStatus
from sheaf.ledger import webhook_tables
from sheaf.ledger.tables import items, metadata

FREE = {
    # Ids, names, versions and hashes, whose length alone is bounded.
    *("directories.type", "uploads.purpose", "configurations.product_type"),
    *("webhook_configs.output_format", "outbox.event_type", "attempts.outcome"),
    *("api_keys.hint", "configurations.version", "results.engine", "results.media_type"),
    *(
        "results.pack",
        "results.name_hint",
        "directory_files.etag",
        "attempts.worker",
        "jobs.admitted_by",
        "jobs.carried_by",
        "leases.name",
        "leases.holder",
    ),
}
"""Columns of text that no enumeration names; the rest are ids, hashes and long texts."""


def bounded() -> list[str]:
    """Return the columns of short text that are neither ids nor hashes nor enumerations."""
    assert webhook_tables.outbox.metadata is metadata
    return [
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if type(column.type) is sa.String
        and column.name.rpartition("_")[2] not in {"id", "sha256", "hash", "fingerprint"}
    ]


def test_every_column_of_words_is_of_an_enumeration() -> None:
    assert set(bounded()) == FREE


def of_items(process: str) -> Any:
    kind = items.c.status.type.dialect_impl(dialect())
    return getattr(kind, process)(dialect(), *([None] if process == "result_processor" else []))


def test_a_word_that_is_read_is_a_member() -> None:
    assert of_items("result_processor")("skipped") is ItemStatus.SKIPPED


def test_a_member_is_written_as_its_word() -> None:
    assert type(of_items("bind_processor")(ItemStatus.SKIPPED)) is str


@pytest.mark.parametrize("process", ["bind_processor", "result_processor"])
def test_another_word_is_an_error_on_both_ways(process: str) -> None:
    with pytest.raises(LookupError):
        of_items(process)("lost")
