"""Parameters that say what of a page is read: each turned on changes the text as its name says."""

import math

import pytest

from sheaf.contracts.failures import FailureKind
from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of, failure_of

FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
RESOURCES = "/Resources << /Font << /F1 5 0 R >> >>"
TWELVE = tuple(f"page {number}" for number in range(1, 13))


def placed(*texts: tuple[str, float, float, float, float]) -> bytes:
    """Return a page of texts: words, x, y, degrees, size of the font."""
    parts = []
    for words, x, y, degrees, size in texts:
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        matrix = f"{cos:.4f} {sin:.4f} {-sin:.4f} {cos:.4f} {x} {y}"
        parts.append(f"BT /F1 {size} Tf {matrix} Tm ({words}) Tj ET")
    return samples.drawn("\n".join(parts).encode(), page=RESOURCES, objects=(FONT,))


CORNERS = placed(
    ("northwest", 40, 800, 0, 12), ("northeast", 480, 800, 0, 12),
    ("middle", 280, 420, 0, 12),
    ("southwest", 40, 40, 0, 12), ("southeast", 480, 40, 0, 12),
)  # fmt: skip


@pytest.mark.parametrize(
    ("crop", "kept"),
    [
        (None, {"northwest", "northeast", "middle", "southwest", "southeast"}),
        ((0.2, 0.0, 0.0, 0.0), {"middle", "southwest", "southeast"}),
        ((0.0, 0.3, 0.0, 0.0), {"northwest", "middle", "southwest"}),
        ((0.0, 0.0, 0.2, 0.0), {"northwest", "northeast", "middle"}),
        ((0.0, 0.0, 0.0, 0.3), {"northeast", "middle", "southeast"}),
        ((0.2, 0.2, 0.2, 0.2), {"middle"}),
    ],
)
async def test_bounding_box_leaves_out_the_margins(
    parse: Parse, crop: tuple[float, ...] | None, kept: set[str]
) -> None:
    document = document_of(await parse(CORNERS, "a.pdf", crop=crop))
    assert set(document.pages[0].text.split()) == kept
    assert set(document.pages[0].md.split()) == kept


async def test_skip_diagonal_text_leaves_out_what_stands_askew(parse: Parse) -> None:
    page = placed(("upright", 72, 700, 0, 12), ("askew", 200, 300, 45, 12))
    both = document_of(await parse(page, "a.pdf")).pages[0].text
    assert {"upright", "askew"} <= set(both.split())
    one = document_of(await parse(page, "a.pdf", skip_diagonal_text=True)).pages[0].text
    assert one.split() == ["upright"]


async def test_max_pages_enforced_fails_longer_documents_only(parse: Parse) -> None:
    data = samples.pdf(*TWELVE)
    kind, message = failure_of(await parse(data, "a.pdf", max_total_pages=11))
    assert (kind, message) == (FailureKind.TOO_MANY_PAGES, "12 pages, over max_pages_enforced: 11")
    assert len(document_of(await parse(data, "a.pdf", max_total_pages=12)).pages) == 12


async def test_strict_mode_image_ocr_fails_what_would_only_be_warned_of(parse: Parse) -> None:
    data = samples.pdf("words", "")
    assert document_of(await parse(data, "a.pdf", languages=("mi",))).warnings
    kind, _ = failure_of(await parse(data, "a.pdf", languages=("mi",), strict_ocr=True))
    assert kind is FailureKind.UNSUPPORTED


async def test_a_format_without_places_says_what_has_no_effect(parse: Parse) -> None:
    given = {"crop": (0.1, 0.0, 0.0, 0.0), "skip_diagonal_text": True}
    document = document_of(await parse(b"some words\n", "a.txt", **given))
    assert document.warnings == ("without effect on this format: bounding_box, skip_diagonal_text",)


STROKES = {
    "H": "0 0 0 1,1 0 1 1,0 .5 1 .5", "E": "0 0 0 1,0 0 1 0,0 .5 .8 .5,0 1 1 1",
    "L": "0 0 0 1,0 0 1 0", "T": ".5 0 .5 1,0 1 1 1", "I": ".5 0 .5 1",
    "F": "0 0 0 1,0 .5 .8 .5,0 1 1 1", "N": "0 0 0 1,0 1 1 0,1 0 1 1",
    "A": "0 0 .5 1,.5 1 1 0,.25 .4 .75 .4", "M": "0 0 0 1,0 1 .5 .3,.5 .3 1 1,1 0 1 1",
    "K": "0 0 0 1,0 .5 1 1,0 .5 1 0", "V": "0 1 .5 0,.5 0 1 1",
    "W": "0 1 .25 0,.25 0 .5 .7,.5 .7 .75 0,.75 0 1 1",
}  # fmt: skip


def stroked(lines: list[str], height: float) -> bytes:
    """Return a page of letters that are lines, so that only OCR can read them."""
    width, operators = height * 0.6, [f"{height / 7:.2f} w"]
    for row, line in enumerate(lines):
        for column, letter in enumerate(line):
            x, y = 72 + column * width * 1.6, 700 - row * height * 2.2
            for stroke in filter(None, STROKES.get(letter, "").split(",")):
                x0, y0, x1, y1 = map(float, stroke.split())
                start = f"{x + x0 * width:.2f} {y + y0 * height:.2f} m"
                operators.append(f"{start} {x + x1 * width:.2f} {y + y1 * height:.2f} l S")
    return samples.drawn("\n".join(operators).encode())


@pytest.mark.ocr
async def test_high_res_ocr_reads_what_is_too_small_otherwise(parse: Parse) -> None:
    words = "THE WAVE WITHIN A FLAME WILL FALL AT MATINEE TIME WHEN THE LAKE IN THE VALE MELTS"
    words = " ".join(word for word in words.split() if set(word) <= set(STROKES))
    page = stroked([words[at : at + 24] for at in range(0, len(words), 24)], 2.2)
    read = []
    for is_fine in (False, True):
        document = (await parse(page, "a.pdf", high_res_ocr=is_fine)).document
        found = document.pages[0].text if document else ""
        read.append(len(set(words.split()) & set(found.split())))
    assert read[1] > read[0] + 5
