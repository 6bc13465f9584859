"""The one-page PDFs of a set of documents, repeated, each copy with bytes of its own."""

import itertools
from pathlib import Path

from bench.bare_engine import markdown_of_pdf
from bench.parse_quality import manifest
from sheaf.engines.pdf.looks import SPARSE, is_doubtful

_LEAST_CHARACTERS = 20


def one_page_pdfs(documents: Path) -> list[Path]:
    """Return the PDFs of one page whose text liteparse finds without OCR.

    Pages that only OCR can read take a hundred times as long, so that a handful of them would be
    all that is measured.

    Args:
        documents: as for `bench.parse_quality`.
    """
    paths = [
        documents / row["path"]
        for row in manifest(documents)
        if row["type"] == "pdf" and row["pages"] == "1"
    ]
    return [path for path in paths if _has_text(path)]


def _has_text(path: Path) -> bool:
    try:
        text = markdown_of_pdf(str(path))
    except RuntimeError:
        return False
    # A font that tells wrong letters, or a picture with a caption, is read by OCR as well.
    is_own = not (is_doubtful(text) or ("![](" in text and len(text) < SPARSE))
    return is_own and len(text) >= _LEAST_CHARACTERS


def repeat(paths: list[Path], count: int, folder: Path, mark: str = "") -> Path:
    """Write `count` copies in turn; a comment behind the end makes each one distinct.

    Args:
        paths: of PDFs, which end where their `%%EOF` does, whatever follows.
        count: files to write.
        folder: is made; the names keep the order.
        mark: tells the copies of one folder from those of another.
    """
    folder.mkdir(parents=True)
    contents = [path.read_bytes() for path in paths]
    for number, content in zip(range(count), itertools.cycle(contents), strict=False):
        (folder / f"{number:06}.pdf").write_bytes(content + f"\n% {mark} {number}\n".encode())
    return folder
