"""Pages of vertical writing: columns from the right to the left.

PDFium gives letters of such fonts no width, and so leaves them out of the text. In a copy whose
fonts say that they are horizontal, each run of letters has a text and a place.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sheaf.engines.pdf.objects import opened
from sheaf.engines.source import Source
from sheaf.engines.system_faults import raise_if_of_machine

MAX_BYTES = 64 * 1024**2
MAX_RUNS = 20_000
_SIGN = re.compile(rb"-V[\s/>]|/ObjStm")
COLUMN = 0.6
"""Share of the size of a font by which runs of one column may stand apart sideways."""


def vertical_texts(source: Source, numbers: Sequence[int]) -> dict[int, str]:
    """Return the text of those of these pages that are written vertically."""
    if source.path.stat().st_size > MAX_BYTES or not _SIGN.search(source.path.read_bytes()):
        return {}
    with TemporaryDirectory(prefix="vertical-") as folder:
        copy = Path(folder) / "document.pdf"
        try:
            pages = _write_horizontal(source, numbers, copy)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever pypdf has against a broken file
            raise_if_of_machine(error)
            return {}
        if not pages:
            return {}
        texts = {}
        with opened(replace(source, path=copy)) as document:
            for number in pages:
                if text := _columns(document[number - 1]):
                    texts[number] = text
        return texts


def _write_horizontal(source: Source, numbers: Sequence[int], copy: Path) -> list[int]:
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import NameObject

    reader = PdfReader(source.path)
    if reader.is_encrypted:
        next((word for word in ("", *source.passwords) if reader.decrypt(word)), None)
    found = [number for number in numbers if any(_vertical_fonts(reader.pages[number - 1]))]
    if not found:
        return []
    writer = PdfWriter(clone_from=reader)
    for number in found:
        for font in _vertical_fonts(writer.pages[number - 1]):
            font[NameObject("/Encoding")] = NameObject(font["/Encoding"][:-1] + "H")
    with copy.open("wb") as file:
        writer.write(file)
    return found


def _vertical_fonts(page: Any) -> list[Any]:
    resources = page.get("/Resources")
    fonts = (resources.get_object() if resources is not None else {}).get("/Font")
    entries = [font.get_object() for font in (fonts.get_object() if fonts else {}).values()]
    return [font for font in entries if str(font.get("/Encoding", "")).endswith("-V")]


def _columns(page: Any) -> str:
    """Return the runs of a page from the right to the left, and within a column downwards."""
    from pypdfium2 import raw

    textpage = page.get_textpage()
    runs: list[tuple[float, float, float, str]] = []
    for text in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], textpage=textpage):
        if len(runs) >= MAX_RUNS:
            break
        words = text.extract().strip()
        matrix = text.get_matrix()
        if words:
            runs.append((matrix.e, matrix.f, text.get_font_size() * abs(matrix.d or 1), words))
    textpage.close()
    columns: list[list[tuple[float, float, float, str]]] = []
    for run in sorted(runs, key=lambda run: -run[0]):
        if columns and abs(columns[-1][0][0] - run[0]) <= COLUMN * max(run[2], 1):
            columns[-1].append(run)
        else:
            columns.append([run])
    return "\n".join(
        "".join(words for *_, words in sorted(column, key=lambda run: -run[1]))
        for column in columns
    )
