"""Pictures however they lie and are stored: each page of them is read upright."""

import pytest
from PIL import Image

from sheaf.contracts.failures import FailureKind
from sheaf.engines.orientation import Legibility, read_upright
from tests.unit.engines.conftest import Parse, document_of, failure_of
from tests.unit.engines.pictures import LINES, WORDS, drawn, saved

pytestmark = pytest.mark.ocr

EXIF_ORIENTATION = 274
TURNS = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("clockwise", [90, 180, 270])
async def test_a_picture_that_lies_wrong_is_turned(parse: Parse, kind: str, clockwise: int) -> None:
    data = saved(drawn().rotate(-clockwise, expand=True), kind)
    (page,) = document_of(await parse(data, "a")).pages
    assert WORDS in page.md
    assert page.orientation == clockwise
    assert page.width is not None
    assert page.height is not None
    assert page.width > page.height


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", TURNS)
async def test_what_a_camera_says_of_its_turn_is_believed(
    parse: Parse, kind: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    data = saved(drawn().transpose(TURNS[orientation]), kind, exif=exif)
    (page,) = document_of(await parse(data, "a")).pages
    assert WORDS in page.md
    assert page.orientation is None


async def test_an_upright_picture_is_read_as_it_is(parse: Parse) -> None:
    (page,) = document_of(await parse(saved(drawn(), "PNG"), "a")).pages
    assert WORDS in page.md
    assert page.orientation is None


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "raw", "group4"])
async def test_each_frame_of_a_tiff_is_a_page(parse: Parse, compression: str) -> None:
    mode = "1" if compression == "group4" else "L"
    frames = [drawn(f"Sheet {name} of the harbour", mode=mode) for name in ("one", "two", "three")]
    frames[1] = frames[1].rotate(180)
    more = {"save_all": True, "append_images": frames[1:], "compression": compression}
    data = saved(frames[0], "TIFF", **more)
    document = document_of(await parse(data, "a.tif"))
    assert [page.page for page in document.pages] == [1, 2, 3]
    assert document.total_pages == 3
    for page, name in zip(document.pages, ("one", "two", "three"), strict=True):
        assert f"Sheet {name} of the harbour" in page.md
    assert [page.orientation for page in document.pages] == [None, 180, None]
    some = document_of(await parse(data, "a.tif", target_pages=(2, 9)))
    assert [page.page for page in some.pages] == [2]
    kind, _ = failure_of(await parse(data, "a.tif", max_total_pages=2))
    assert kind is FailureKind.TOO_MANY_PAGES


def deep(picture: Image.Image) -> Image.Image:
    """Return a grey picture of 16 bits, as scanners write them."""
    return picture.convert("I").point(lambda value: value * 257).convert("I;16")


def see_through(ink: str) -> Image.Image:
    """Return words on a ground that is not there."""
    paper = "white" if ink == "black" else "black"
    picture = drawn(paper=paper, ink=ink, mode="RGB").convert("RGBA")
    grey = picture.convert("L")
    alpha = grey.point(lambda value: 255 - value) if ink == "black" else grey
    picture.putalpha(alpha)
    return picture


@pytest.mark.parametrize(
    ("picture", "kind"),
    [
        (drawn(mode="CMYK"), "JPEG"),
        (drawn(mode="CMYK"), "TIFF"),
        (deep(drawn()), "PNG"),
        (deep(drawn()), "TIFF"),
        (drawn(mode="1"), "TIFF"),
        (drawn(mode="P"), "GIF"),
        (drawn(mode="LA"), "PNG"),
        (see_through("black"), "PNG"),
        (see_through("white"), "PNG"),
        (see_through("white"), "WEBP"),
        (drawn(paper="black", ink="white"), "BMP"),
        (drawn().convert("F"), "TIFF"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.mode,
)
async def test_every_way_to_store_pixels_is_read(
    parse: Parse, picture: Image.Image, kind: str
) -> None:
    lossless = {"lossless": True} if kind == "WEBP" else {}
    (page,) = document_of(await parse(saved(picture, kind, **lossless), "a")).pages
    assert WORDS in page.md


async def test_of_an_animation_the_first_frame_is_read_and_the_others_are_told(
    parse: Parse,
) -> None:
    frames = [drawn(mode="L"), drawn("another", mode="L")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    document = document_of(await parse(data, "a.gif"))
    assert WORDS in document.pages[0].md
    assert document.warnings == ("the first of 2 frames of an animation was read",)


async def test_a_frame_that_is_cut_short_leaves_the_others(parse: Parse) -> None:
    more = {"save_all": True, "append_images": [drawn("the second sheet")]}
    data = saved(drawn(), "TIFF", compression="raw", **more)
    document = document_of(await parse(data[: len(data) - 30_000], "a.tif"))
    assert WORDS in document.pages[0].md
    assert document.pages[1].error
    assert document.is_truncated
    assert document.warnings == ("1 of 2 frames could not be read",)


def test_the_reading_with_the_most_upright_words_wins() -> None:
    class Item:
        confidence = 0.7
        width, height = 50, 10

        def __init__(self, text: str) -> None:
            self.text = text

    class Reading:
        def __init__(self, letters: int) -> None:
            self.text_items = [Item("x" * 5)] * letters

    tried: list[int] = []

    def read(turn: int) -> Reading:
        tried.append(turn)
        return Reading({0: 4, 90: 3, 180: 9, 270: 5}[turn])

    best, turn = read_upright(read)
    assert (turn, len(best.text_items), sorted(tried)) == (180, 9, [0, 90, 180, 270])
    assert Legibility().is_good
    assert len(LINES) == 4
