"""Pictures of and in a PDF: kept as files, in the markdown, or instead of the text."""

import base64
import re
from pathlib import Path

from PIL import Image

from sheaf.contracts.failures import FailureKind
from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of, failure_of

FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
RESOURCES = "/Resources << /Font << /F1 5 0 R >> /XObject << /I 6 0 R >> >>"
CONTENT = b"BT /F1 12 Tf 72 700 Td (words) Tj ET q 100 0 0 50 72 500 cm /I Do Q"
PNG = b"\x89PNG"
JPEG = b"\xff\xd8\xff"


def with_picture(data: bytes, entries: str) -> bytes:
    """Return a PDF of a word and a grey picture of 20 x 10 pixels."""
    picture = (
        "<< /Type /XObject /Subtype /Image /Width 20 /Height 10 /ColorSpace /DeviceGray "
        f"/BitsPerComponent 8 {entries} /Length {len(data)} >>\nstream\n"
        f"{data.decode('latin-1')}\nendstream"
    )
    return samples.drawn(CONTENT, page=RESOURCES, objects=(FONT, picture))


GREY = with_picture(bytes(range(200)), "")
BROKEN = with_picture(b"broken", "/Filter /DCTDecode")


async def test_without_parameters_no_picture_is_kept_or_linked(
    parse: Parse, tmp_path: Path
) -> None:
    page = document_of(await parse(GREY, "a.pdf", folder=tmp_path)).pages[0]
    assert page.images == ()
    assert "![" not in page.md


async def test_take_screenshot_draws_each_page(parse: Parse, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    data = samples.pdf("one", "two")
    document = document_of(await parse(data, "a.pdf", folder=folder, images=("screenshot",)))
    names = [image.name for page in document.pages for image in page.images]
    assert names == ["page_1.jpg", "page_2.jpg"]
    assert all((folder / name).read_bytes().startswith(JPEG) for name in names)
    image = document.pages[0].images[0]
    assert image.media_type == "image/jpeg"
    with Image.open(folder / image.name) as drawn:
        assert drawn.size == (image.width, image.height)
    assert abs(image.height / image.width - 842 / 595) < 0.01


async def test_embedded_pictures_are_kept_with_their_place(parse: Parse, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    page = document_of(await parse(GREY, "a.pdf", folder=folder, images=("embedded",))).pages[0]
    (image,) = page.images
    assert (image.kind, image.width, image.height) == ("embedded", 20, 10)
    assert image.box is not None
    assert [round(value) for value in image.box] == [72, 292, 100, 50]
    assert (folder / image.name).read_bytes().startswith(PNG)
    assert f"![]({image.name})" in page.md


async def test_inline_images_stand_in_the_markdown_as_data(parse: Parse) -> None:
    page = document_of(await parse(GREY, "a.pdf", inline_images=True)).pages[0]
    (data,) = re.findall(r"!\[\]\(data:image/png;base64,([^)]+)\)", page.md)
    assert base64.b64decode(data).startswith(PNG)
    assert page.images == ()


async def test_a_screenshot_job_draws_and_reads_nothing(parse: Parse, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    asked = {"images": ("screenshot",), "screenshots_only": True}
    page = document_of(await parse(GREY, "a.pdf", folder=folder, **asked)).pages[0]
    assert (page.text, page.md) == ("", "")
    assert [image.name for image in page.images] == ["page_1.jpg"]
    kind, message = failure_of(await parse(b"words\n", "a.txt", folder=folder, **asked))
    assert (kind, message) == (FailureKind.UNSUPPORTED, "only pages of PDFs can be drawn")


async def test_strict_mode_image_extraction_fails_a_broken_picture(parse: Parse) -> None:
    assert "words" in document_of(await parse(BROKEN, "a.pdf")).pages[0].text
    kind, message = failure_of(await parse(BROKEN, "a.pdf", strict_images=True))
    assert (kind, "strict_mode_image_extraction" in message) == (FailureKind.CORRUPT, True)
    assert document_of(await parse(GREY, "a.pdf", strict_images=True)).pages


async def test_other_formats_say_that_pictures_are_not_kept(parse: Parse) -> None:
    document = document_of(await parse(b"words\n", "a.txt", images=("embedded",)))
    assert document.warnings == ("without effect on this format: pictures to keep",)
