"""Presentations of Open XML, read from their parts, a page a slide.

xberg orders slides by the names of their parts, and knows neither pipes in cells nor links.
"""

import zipfile
from collections import Counter
from collections.abc import Iterator

from sheaf.contracts.documents import ParsedDocument, ParsedPage
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.markdown import plain_text
from sheaf.engines.office.package import Package
from sheaf.engines.office.slides.shapes import DEFAULT_SIZE, Shapes, placeholder
from sheaf.engines.source import Source
from sheaf.engines.text import own_version
from sheaf.engines.xml_tree import Element, below

USUAL = "ppt/presentation.xml"
EMU_A_POINT = 12_700
COMMENT_KINDS = {"comments", "comment"}


def read(source: Source) -> ParsedDocument:
    """Read a presentation; slides come in the order of the show, hidden ones too.

    Raises:
        DocumentError: Corrupt, PasswordRequired, TooLarge or Empty.
    """
    with zipfile.ZipFile(source.path) as archive:
        package = Package(archive)
        part, root = package.main("presentationml", USUAL)
        size = _size(root)
        missing: Counter[str] = Counter()
        pages = []
        for number, slide in enumerate(_slides(package, part, root), 1):
            within = None if source.options.off_slide else size
            pages.append(_page(Shapes(package, slide, within, missing), number, size))
        if not pages:
            raise DocumentError(FailureKind.EMPTY, "the presentation has no slides")
        told = [f"{what}: {count}" for what, count in missing.items() if count]
        told += [f"a part could not be read: {name}" for name in package.broken]
        return ParsedDocument(
            pages=source.select(pages),
            media_type=source.media_type,
            engine="sheaf-slides",
            engine_version=own_version(),
            total_pages=len(pages),
            metadata=package.metadata(),
            warnings=tuple(told),
        )


def _slides(package: Package, part: str, root: Element) -> Iterator[str]:
    relations = package.relations(part)
    listed = root.find("p:sldIdLst")
    for slide in () if listed is None else listed:
        relation = relations.get(slide.get("r:id", ""))
        if relation is not None:
            yield relation.target


def _page(shapes: Shapes, number: int, size: tuple[int, int]) -> ParsedPage:
    package, part = shapes.package, shapes.part
    root = package.tree(part)
    if root is None and part not in package.broken:
        package.broken.append(part)
    blocks = [] if root is None else shapes.read(root)
    notes = _notes(shapes)
    if notes:
        blocks += ["### Notes", notes]
    if comments := list(_comments(package, part)):
        blocks += ["### Comments", "\n".join(comments)]
    md = "\n\n".join(blocks)
    return ParsedPage(
        page=number,
        text=plain_text(md),
        md=md,
        width=size[0] / EMU_A_POINT,
        height=size[1] / EMU_A_POINT,
        speaker_notes=plain_text(notes) or None,
    )


def _notes(shapes: Shapes) -> str:
    """Return what the speaker is to say to a slide."""
    blocks: list[str] = []
    for name in shapes.package.related(shapes.part, "notesSlide"):
        root = shapes.package.tree(name)
        notes = Shapes(shapes.package, name)
        tree = None if root is None else below(root, "p:cSld", "p:spTree")
        for shape in () if tree is None else tree.iter("p:sp"):
            if placeholder(shape) not in {"sldImg", "sldNum", "hdr", "ftr", "dt"}:
                blocks += notes.paragraphs(shape.find("p:txBody"), is_list=True)
    return "\n\n".join(blocks)


def _comments(package: Package, part: str) -> Iterator[str]:
    authors = _authors(package)
    for relation in package.relations(part).values():
        root = package.tree(relation.target) if relation.kind in COMMENT_KINDS else None
        for comment in () if root is None else root.iter():
            if comment.tag not in {"p:cm", "cm", "reply"}:
                continue
            texts = [comment.findtext("p:text") or ""]
            body = comment.find("txBody")
            texts += [] if body is None else [t.text or "" for t in body.iter("a:t")]
            words = " ".join(" ".join(texts).split())
            author = authors.get(comment.get("authorId", ""), "")
            if words:
                yield f"- {author}: {words}" if author else f"- {words}"


def _authors(package: Package) -> dict[str, str]:
    main = [r.target for r in package.relations("").values() if r.kind == "officeDocument"]
    found = {}
    for relation in package.relations((main or [USUAL])[0]).values():
        root = (
            package.tree(relation.target)
            if relation.kind in {"commentAuthors", "authors"}
            else None
        )
        for author in () if root is None else root:
            found[author.get("id", "")] = author.get("name", "")
    return found


def _size(root: Element) -> tuple[int, int]:
    found = root.find("p:sldSz")
    sides = [] if found is None else [found.get("cx", ""), found.get("cy", "")]
    if len(sides) == 2 and all(side.isdecimal() and 0 < len(side) < 12 for side in sides):
        return int(sides[0]) or DEFAULT_SIZE[0], int(sides[1]) or DEFAULT_SIZE[1]
    return DEFAULT_SIZE
