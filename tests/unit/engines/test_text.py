"""Plain text, tables and charsets."""

from pathlib import Path

import pytest

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines import text
from sheaf.engines.detection.charset import decode
from sheaf.engines.source import Source


def read(tmp_path: Path, data: bytes, media_type: str = "text/plain") -> str:
    path = tmp_path / "blob"
    path.write_bytes(data)
    return text.read(Source(path, "blob", media_type)).pages[0].md


@pytest.mark.parametrize(
    "charset", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"]
)
def test_text_is_read_in_every_common_charset(tmp_path: Path, charset: str) -> None:
    words = "Grüße aus Köln, sagte sie, und fuhr weiter nach Osten."
    assert read(tmp_path, words.encode(charset)) == words


def test_bytes_that_are_no_charset_still_become_text() -> None:
    assert decode(b"caf\xe9 \x81") == "café �"


def test_line_ends_are_made_plain_and_nul_is_dropped(tmp_path: Path) -> None:
    assert read(tmp_path, b"one\r\ntwo\rthree\x00") == "one\ntwo\nthree"


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_a_delimited_file_becomes_a_table(tmp_path: Path, delimiter: str) -> None:
    rows = [["name", "note"], ["Ada", "likes engines"], ["Alan"]]
    data = "\n".join(delimiter.join(row) for row in rows).encode()
    assert read(tmp_path, data, "text/csv").splitlines() == [
        "| name | note |",
        "| --- | --- |",
        "| Ada | likes engines |",
        "| Alan |  |",
    ]


def test_marks_inside_a_cell_do_not_break_its_table(tmp_path: Path) -> None:
    data = b'a,b\n"x|y","two\nlines"\n'
    assert read(tmp_path, data, "text/csv").splitlines()[2] == "| x\\|y | two lines |"


def test_one_very_wide_row_is_not_multiplied_by_the_others(tmp_path: Path) -> None:
    data = b",".join([b"x"] * 200_000) + b"\n" + b"a,b\n" * 1000
    assert len(read(tmp_path, data, "text/csv")) < 2 * len(data)


def test_text_over_its_limit_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MAX_TEXT_BYTES", 10)
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, b"eleven char")
    assert caught.value.kind is FailureKind.TOO_LARGE


DELIMITED = {
    "titles above": (
        "Report: Sales\nMade: 2026-03-01\n\nRegion;Units;Sum\nNorth;5;1,50\nSouth;7;2,25\n",
        ["Region", "Units", "Sum"],
    ),
    "one list that has commas": (
        "id;a;list\n1;x;\"['112', '113']\"\n2;y;z\n3;y;\n",
        ["2", "y", "z"],
    ),
    "decimal commas in every cell": ("a;b;c\n1,5;2,5;3,5\n1,8;2,8;3,8\n", ["1,5", "2,5", "3,5"]),
    "the delimiter is named": ("sep=^\na^b,c\n1^2,5\n", ["1", "2,5"]),
    "the named one is a semicolon": ("\ufeffsep=;\na;b\n1,1,1;2\n", ["1,1,1", "2"]),
    "tabs beside commas": ("name\tnote\nAda\tx, y, z\nAlan\tu, v, w\n", ["Ada", "x, y, z"]),
    "pipes": ("a|b\n1,2|3\n4,5|6\n", ["1,2", "3"]),
    "one column": ('comment\n"Good, but"\nFine\n', ["Good, but"]),
}


@pytest.mark.parametrize("kind", DELIMITED)
def test_the_delimiter_is_the_one_that_makes_the_most_rows_alike(tmp_path: Path, kind: str) -> None:
    data, row = DELIMITED[kind]
    md = read(tmp_path, data.encode(), "text/csv")
    assert f"| {' | '.join(row)} |" in md.splitlines()
    assert "sep=" not in md


def test_titles_above_a_table_are_lines_and_not_its_head(tmp_path: Path) -> None:
    md = read(tmp_path, DELIMITED["titles above"][0].encode(), "text/csv")
    assert md.startswith("Report: Sales\n\nMade: 2026-03-01\n\n| Region | Units | Sum |\n| ---")
