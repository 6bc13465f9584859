"""What of a name is believed when the type of a file is told."""

from pathlib import PurePath

import pytest

from sheaf.rules.name_hints import BELIEVED, name_hint


@pytest.mark.parametrize("extension", sorted(BELIEVED))
def test_an_extension_that_is_believed_is_given_in_lower_case(extension: str) -> None:
    assert name_hint(f"a{extension}") == name_hint(f"A.B{extension.upper()}") == extension


@pytest.mark.parametrize(
    "name", ["", ".", ".csv", "csv", "a.csv.txt", "a.csv ", "a.pdf", "a.", "é"]
)
def test_other_names_tell_nothing(name: str) -> None:
    assert name_hint(name) == ""
    assert PurePath(name).suffix not in BELIEVED
