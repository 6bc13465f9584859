"""What a file is, by its bytes."""

from pathlib import Path

import pytest

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.detection import containers
from sheaf.engines.detection.media_types import detect
from tests.unit.engines import samples

TEXT_ROWS = "name,age\nAda,36\n"
XLSX = samples.zipped(
    {"[Content_Types].xml": samples.CONTENT_TYPES.format(""), "xl/workbook.xml": ""}
)
ODT = samples.zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": ""})
EPUB = samples.zipped({"mimetype": "application/epub+zip", "META-INF/container.xml": ""})
MAIL = b"Received: by x\nFrom: a@example.com\nSubject: hi\n\nbody"


@pytest.mark.parametrize(
    ("data", "name", "media_type"),
    [
        (samples.pdf("hi"), "a.docx", "application/pdf"),
        (b"\n" * 1000 + b"%PDF-1.4", "a", "application/pdf"),
        (samples.docx("hi"), "a.pdf", containers.DOCX),
        (XLSX, "a.docx", containers.XLSX),
        (ODT, "a", "application/vnd.oasis.opendocument.text"),
        (EPUB, "a.zip", "application/epub+zip"),
        (samples.cfb("Root Entry", "WordDocument"), "a", "application/msword"),
        (samples.cfb("Root Entry", "WORKBOOK"), "a", "application/vnd.ms-excel"),
        (samples.cfb("__properties_version1.0"), "a", "application/vnd.ms-outlook"),
        (b"{\\rtf1 hi}", "a.doc", "application/rtf"),
        (samples.png(2, 2), "a.txt", "image/png"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "a", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 \x00\x01\x02", "a", "image/webp"),
        (b"BM" + bytes(60), "a", "image/bmp"),
        (b"BMW is a maker of cars", "a.txt", "text/plain"),
        (b"MZ is a grade of paper", "a.txt", "text/plain"),
        (MAIL, "message", "message/rfc822"),
        (b"Subject: hi\n\nbody", "a.eml", "message/rfc822"),
        (b"To: everybody\n\nCake in the kitchen.", "note.txt", "text/plain"),
        (b"<!-- c -->\n<!DOCTYPE html><p>hi", "a.txt", "text/html"),
        (b"<p>hi</p>", "a.html", "text/html"),
        (b"<?xml version='1.0'?><a/>", "a", "application/xml"),
        (b'{"cells": [], "nbformat": 4}', "a", "application/x-ipynb+json"),
        (b'{"a": 1}', "a.json", "application/json"),
        (TEXT_ROWS.encode(), "a.csv", "text/csv"),
        (TEXT_ROWS.encode(), "a.tsv", "text/tab-separated-values"),
        (b"# Title", "a.md", "text/markdown"),
        (TEXT_ROWS.encode(), "a.pdf", "text/plain"),
        (TEXT_ROWS.encode("utf-16-le"), "a.csv", "text/csv"),
        ("Grüße aus Köln".encode("latin-1"), "a", "text/plain"),
    ],
)
def test_bytes_decide_and_the_name_is_a_hint_among_texts(
    tmp_path: Path, data: bytes, name: str, media_type: str
) -> None:
    path = tmp_path / "blob"
    path.write_bytes(data)
    assert detect(path, name).media_type == media_type


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", FailureKind.EMPTY, "file is empty (0 bytes)"),
        (b"\x7fELF\x02\x01\x01" + bytes(60), FailureKind.UNSUPPORTED, "an ELF program"),
        (bytes(range(256)) * 8, FailureKind.UNSUPPORTED, "binary data"),
        (samples.zipped({"a.txt": "hi"}), FailureKind.UNSUPPORTED, "zip archive, not a document"),
        (b"\x1f\x8b\x08\x00" + bytes(60), FailureKind.UNSUPPORTED, "a gzip archive"),
        (b"a.txt" + bytes(252) + b"ustar" + bytes(250), FailureKind.UNSUPPORTED, "a tar archive"),
        (samples.docx("hi")[:200], FailureKind.CORRUPT, "broken zip container"),
        (samples.cfb("EncryptedPackage"), FailureKind.PASSWORD_REQUIRED, "encrypted"),
        (samples.cfb("Root Entry"), FailureKind.UNSUPPORTED, "no Word, Excel"),
        (samples.cfb("x")[:600], FailureKind.CORRUPT, "broken OLE2 container"),
    ],
)
def test_what_is_no_readable_document_is_refused_with_its_reason(
    tmp_path: Path, data: bytes, kind: FailureKind, words: str
) -> None:
    path = tmp_path / "blob"
    path.write_bytes(data)
    with pytest.raises(DocumentError) as caught:
        detect(path, "a.docx")
    assert caught.value.kind is kind
    assert words in caught.value.message


def test_an_encrypted_open_document_asks_for_a_password(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    manifest = "<manifest:encryption-data/>"
    mimetype = "application/vnd.oasis.opendocument.text"
    path.write_bytes(samples.zipped({"mimetype": mimetype, "META-INF/manifest.xml": manifest}))
    with pytest.raises(DocumentError) as caught:
        detect(path, "a.odt")
    assert caught.value.kind is FailureKind.PASSWORD_REQUIRED


def test_a_container_of_too_many_entries_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(samples.docx("hi", more={f"x/{n}": "" for n in range(10_001)}))
    with pytest.raises(DocumentError, match="over the limit of 10000") as caught:
        detect(path, "a.docx")
    assert caught.value.kind is FailureKind.TOO_LARGE


def test_a_container_that_unpacks_to_far_more_than_its_size_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(samples.docx("hi", more={"word/bomb.xml": bytes(300 * 1024**2)}))
    with pytest.raises(DocumentError, match="unpacks to") as caught:
        detect(path, "a.docx")
    assert caught.value.kind is FailureKind.TOO_LARGE


def test_small_parts_that_pack_very_well_are_let_through(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(samples.docx("hi", more={"word/styles.xml": bytes(20 * 1024**2)}))
    assert detect(path, "a.docx").media_type == containers.DOCX
