"""Pictures: their size before all else, then OCR."""

import os
import struct
from pathlib import Path

import pytest

from sheaf.contracts.failures import FailureKind
from sheaf.engines.detection.image_size import size_of
from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of, failure_of

JPEG = b"\xff\xd8\xff\xe0\x00\x04xx\xff\xff\xc2\x00\x11\x08\x00\x20\x00\x40" + bytes(20)
TIFF = b"MM\x00*" + struct.pack(">IHHHIHHHHII", 8, 2, 256, 3, 1, 64, 0, 257, 4, 1, 32)
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8X" + bytes(8) + b"\x3f\x00\x00\x1f\x00\x00"


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (samples.png(64, 32), "image/png"),
        (b"GIF89a" + struct.pack("<HH", 64, 32), "image/gif"),
        (b"BM" + bytes(16) + struct.pack("<ii", 64, -32), "image/bmp"),
        (JPEG, "image/jpeg"),
        (WEBP, "image/webp"),
        (TIFF, "image/tiff"),
    ],
)
def test_the_size_is_read_from_the_head(data: bytes, media_type: str) -> None:
    assert size_of(data, media_type) == (64, 32)
    assert size_of(data[:9], media_type) is None


async def test_a_picture_of_too_many_pixels_is_not_even_decoded(parse: Parse) -> None:
    kind, message = failure_of(await parse(samples.png(60_000, 60_000), "a.png"))
    assert kind is FailureKind.TOO_LARGE
    assert message == "picture of 60000 x 60000, over the limit of 100000000 pixels"


async def test_a_picture_is_empty_when_ocr_is_off(parse: Parse) -> None:
    assert failure_of(await parse(samples.png(9, 9), "a.png", ocr=False))[0] is FailureKind.EMPTY


async def test_a_missing_language_is_unsupported(parse: Parse) -> None:
    kind, message = failure_of(await parse(samples.png(9, 9), "a.png", languages=("mi",)))
    assert kind is FailureKind.UNSUPPORTED
    assert "tesseract-ocr-mri" in message


@pytest.mark.ocr
async def test_a_broken_picture_is_corrupt(parse: Parse) -> None:
    broken = samples.png(9, 9)[:40] + bytes(30)
    assert failure_of(await parse(broken, "a.png"))[0] is FailureKind.CORRUPT


@pytest.mark.ocr
@pytest.mark.corpus
async def test_a_scan_without_a_text_layer_is_read(parse: Parse) -> None:
    files = Path(os.environ["SHEAF_TEST_DOCUMENTS"]) / "files"
    document = document_of(await parse((files / "olm_edgar_image.pdf").read_bytes(), "a.pdf"))
    assert "England" in document.pages[0].text
    document = document_of(await parse((files / "uns_DA-1p.jpg").read_bytes(), "picture"))
    assert "CREATURES" in document.pages[0].md
