"""A weak sign is no proof: texts that look like other formats stay texts."""

import json
from pathlib import Path

import pytest

from sheaf.contracts.documents import ParseOptions
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.detection.media_types import detect
from sheaf.engines.dispatch import parse
from tests.unit.engines import samples

CALENDAR = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:Team\r\nX-WR-TIMEZONE:UTC\r\nX-A:b\r\n"
    b"BEGIN:VEVENT\r\nSUMMARY:Budget\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
MEMO = (
    b"TO: All staff\nFROM: Ann (ann@example.com)\nDATE: 3 March\nSUBJECT: Parking\nRE: lot 5\n\nHi"
)
CELL = {"cell_type": "code", "source": ["a = 1"], "outputs": [], "metadata": {}}
VERSION_3 = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": "old"},
    "worksheets": [
        {
            "cells": [
                {"cell_type": "heading", "level": 2, "source": ["Old notebook"]},
                {"cell_type": "markdown", "source": "Words *between*"},
                {
                    "cell_type": "code",
                    "input": ["y = 1 + 1\n", "y"],
                    "prompt_number": 1,
                    "outputs": [
                        {"output_type": "pyout", "prompt_number": 1, "text": ["2"]},
                        {"output_type": "stream", "stream": "stdout", "text": "printed"},
                        {"output_type": "pyerr", "ename": "E", "evalue": "v", "traceback": []},
                    ],
                },
            ]
        }
    ],
}


@pytest.mark.parametrize(
    ("data", "name", "media_type"),
    [
        (CALENDAR, "a.ics", "text/plain"),
        (CALENDAR.replace(b"CALENDAR", b"CARD"), "a.vcf", "text/plain"),
        (MEMO, "memo.txt", "text/plain"),
        (b"from: harbour\nto: depot\nsubject: chairs\ndate: 2026-03-01\n", "a.yaml", "text/plain"),
        (b"X-One: 1\nX-Two: 2\nX-Three: 3\n\nwords", "a", "text/plain"),
        (b"From: A <a@b.c>\nTo: d@e.f\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n\nx", "a", None),
        (b"1234\nReceived: by x\nFrom: a@b.c\nSubject: hi\n\nbody", "a.emlx", None),
        (b"A PDF begins with %PDF-1.7, they say.", "a.txt", "text/plain"),
        (b"<html><p>%PDF-1.4 and 1 0 obj are its signs</p>%%EOF", "a.html", "text/html"),
        (b"%PDF-1.7 is how each of them begins", "a.md", "text/markdown"),
        (b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n" + samples.pdf("hi"), "a", "application/pdf"),
        (b'{"cell_type": "T-cell", "n": 1}', "a.json", "application/json"),
        (b'{"cell_type": "T"}\n{"cell_type": "B"}\n', "a.jsonl", "text/plain"),
        (b'[{"cell_type": "T", "nbformat": 4}]', "a.json", "application/json"),
        (b'{"nbformat": 4, "cells": ["cell_type"]}', "a.ipynb", "application/json"),
        (json.dumps(VERSION_3).encode(), "a", "application/x-ipynb+json"),
        (json.dumps({"cells": [CELL], "nbformat": 4}).encode("utf-16"), "a.json", "n/a"),
        ("Stadt\tZahl\nMalmö\t7\n".encode("cp1252"), "a.xls", "text/tab-separated-values"),
        (b"a;b\n1;2\n", "a.xls", "text/csv"),
        (b"<table border=1><tr><td>1</table>", "a.xls", "text/html"),
        (b"\r\n<TABLE><TR><TH>1</TABLE>", "a", "text/html"),
        (b"<table> is a tag", "a.txt", "text/plain"),
        ("Отчёт за март".encode("cp1251"), "a", "text/plain"),
        (bytes(70_000) + b"2026-03-01 started again\n", "a.log", "text/plain"),
    ],
)
def test_strong_signs_alone_tell_a_type(
    tmp_path: Path, data: bytes, name: str, media_type: str | None
) -> None:
    path = tmp_path / "blob"
    path.write_bytes(data)
    wanted = {None: "message/rfc822", "n/a": "application/x-ipynb+json"}.get(media_type, media_type)
    assert detect(path, name).media_type == wanted


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b'<?xml version="1.0"?>\n<a><b>words of it</a>', "a.xml"),
        (CALENDAR, "a.ics"),
        (MEMO, "memo"),
    ],
)
def test_what_no_engine_reads_is_read_as_plain_text(tmp_path: Path, data: bytes, name: str) -> None:
    path = tmp_path / "blob"
    path.write_bytes(data)
    document = parse(path, name, ParseOptions())
    for line in data.decode().split():
        assert line.replace("\r", "") in document.pages[0].md or document.engine == "xberg"


def test_a_broken_container_is_never_read_as_plain_text(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(samples.docx("hi")[:200])
    with pytest.raises(DocumentError) as caught:
        parse(path, "a.docx", ParseOptions())
    assert caught.value.kind is FailureKind.CORRUPT


def test_a_notebook_of_version_3_is_read_with_its_headings_code_and_outputs(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(json.dumps(VERSION_3).encode())
    md = parse(path, "a.ipynb", ParseOptions()).pages[0].md
    for words in ("## Old notebook", "Words *between*", "y = 1 + 1", "printed"):
        assert words in md


@pytest.mark.parametrize("charset", ["windows-1251", "utf-16", "koi8-r", "iso-8859-5"])
def test_xml_is_read_in_the_charset_that_it_declares(tmp_path: Path, charset: str) -> None:
    path = tmp_path / "blob"
    said = f'<?xml version="1.0" encoding="{charset}"?><a><b>Отчёт за март</b></a>'
    path.write_bytes(said.encode(charset))
    assert "Отчёт за март" in parse(path, "a.xml", ParseOptions()).pages[0].md


def test_a_guess_that_fails_ends_as_plain_text_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_source: object) -> None:
        raise DocumentError(FailureKind.CORRUPT, "no tag closes")

    monkeypatch.setattr("sheaf.engines.office.engine.read", refuse)
    path = tmp_path / "blob"
    path.write_bytes(b'<?xml version="1.0"?><a>words</b>')
    document = parse(path, "a.xml", ParseOptions())
    assert "words" in document.pages[0].md
    assert document.warnings == ("read as plain text: it is no application/xml (no tag closes)",)
