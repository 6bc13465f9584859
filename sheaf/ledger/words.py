"""The type of columns that hold the words of an enumeration.

A row that is read holds members and never plain strings, whichever query it came by: `is`, and
everything else that tells a member from its value, may be used on all that the ledger gives. It is
a VARCHAR in the database, so that a new word needs no migration.
"""

from enum import StrEnum

import sqlalchemy as sa


def words(kind: type[StrEnum], length: int) -> sa.Enum:
    """Return the type of a column of this enumeration's words, at most so long.

    A word that is none of them raises LookupError, both on its way in and on its way out.
    """
    return sa.Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=length,
        validate_strings=True,
        values_callable=lambda members: [member.value for member in members],
    )
