"""Texts and presentations of OpenDocument, zipped or flat, read from their XML.

xberg drops the blanks that are elements, joins notes to other paragraphs, knows no pages of a
presentation, and writes the layouts of slides as if they were text.
"""

import zipfile

from sheaf.contracts.documents import ParsedDocument, ParsedPage
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.markdown import plain_text
from sheaf.engines.office.opendocument.lists import Lists
from sheaf.engines.office.opendocument.text import Story
from sheaf.engines.office.package import Package
from sheaf.engines.office.spans import Marks
from sheaf.engines.office.word.blocks import Block, joined
from sheaf.engines.source import Source
from sheaf.engines.text import own_version
from sheaf.engines.xml_tree import Element, below, tree_of

HEADERS = ("style:header", "style:header-first", "style:header-left")
FOOTERS = ("style:footer", "style:footer-first", "style:footer-left")
METADATA = {"dc:title": "title", "dc:subject": "subject", "meta:initial-creator": "author"}


def read(source: Source) -> ParsedDocument:
    """Read a document; slides of a presentation are its pages.

    Raises:
        DocumentError: Corrupt, PasswordRequired or TooLarge.
    """
    roots, broken = _roots(source)
    story = Story(Lists(roots), _marks(roots))
    body = below(roots[0], "office:body")
    if body is None or not len(body):
        raise DocumentError(FailureKind.CORRUPT, "the document has no body")
    slides = list(body[0].iter("draw:page"))
    pages = _slides(story, slides) if slides else [_text(story, body[0], roots)]
    told = [f"{what}: {count}" for what, count in story.missing.items()]
    told += [f"a part could not be read: {part}" for part in broken]
    return ParsedDocument(
        pages=source.select(pages),
        media_type=source.media_type,
        engine="sheaf-opendocument",
        engine_version=own_version(),
        total_pages=len(pages),
        metadata=_metadata(roots),
        warnings=tuple(told),
    )


def _roots(source: Source) -> tuple[list[Element], list[str]]:
    """Return the root with the text, then those with styles and metadata."""
    if not zipfile.is_zipfile(source.path):
        return [tree_of(source.path.read_bytes(), "the document")], []
    with zipfile.ZipFile(source.path) as archive:
        package = Package(archive)
        data = package.read("content.xml")
        if data is None:
            raise DocumentError(FailureKind.CORRUPT, "the document has no content.xml")
        others = [package.tree(name) for name in ("styles.xml", "meta.xml")]
        found = [tree_of(data, "content.xml"), *(root for root in others if root is not None)]
        return found, package.broken


def _text(story: Story, body: Element, roots: list[Element]) -> ParsedPage:
    blocks = story.read(body)
    while story.notes:  # a note may have a comment
        blocks += story.taken_notes()
    before = [block for name in HEADERS for block in _margin(story, roots, name)]
    after = [block for name in FOOTERS for block in _margin(story, roots, name)]
    md = joined([*before, *blocks, *after])
    return ParsedPage(page=1, text=plain_text(md), md=md)


def _slides(story: Story, slides: list[Element]) -> list[ParsedPage]:
    pages = []
    for number, slide in enumerate(slides, 1):
        titles, others = [], []
        for child in slide:
            is_title = child.get("presentation:class") == "title"
            blocks = list(story.read_one(child))
            if is_title and blocks:
                titles.append(Block(f"## {' '.join(joined(blocks).split())}"))
            else:
                others += blocks
        while story.notes:
            others += story.taken_notes()
        found = slide.find("presentation:notes")
        notes = "" if found is None else joined(story.read(found))
        said = [Block("### Notes"), Block(notes)] if notes else []
        md = joined([*titles, *others, *said])
        pages.append(
            ParsedPage(
                page=number, text=plain_text(md), md=md, speaker_notes=plain_text(notes) or None
            )
        )
    return pages


def _margin(story: Story, roots: list[Element], name: str) -> list[Block]:
    """Return headers or footers of a kind, each once."""
    texts = [
        joined(story.read(margin))
        for root in roots
        for page in root.iter("style:master-page")
        for margin in page.findall(name)
        if margin.get("style:display") != "false"
    ]
    return [Block(text) for text in dict.fromkeys(texts) if text]


def _marks(roots: list[Element]) -> dict[str, Marks]:
    found = {}
    for root in roots:
        for style in root.iter("style:style"):
            properties = style.find("style:text-properties")
            if style.get("style:family") == "text" and properties is not None:
                found[style.get("style:name", "")] = Marks(
                    bold=properties.get("fo:font-weight", "") in {"bold", "700", "800", "900"},
                    italic=properties.get("fo:font-style", "") in {"italic", "oblique"},
                    strike=properties.get("style:text-line-through-style", "none") != "none",
                )
    return found


def _metadata(roots: list[Element]) -> dict[str, str]:
    found: dict[str, str] = {}
    for root in roots:
        for meta in root.iter("office:meta"):
            for child in meta:
                if child.tag in METADATA and (child.text or "").strip():
                    found.setdefault(METADATA[child.tag], (child.text or "").strip())
    return found
