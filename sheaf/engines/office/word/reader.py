"""Text documents of Open XML, read from their parts.

xberg takes them by the names of their parts, and loses or moves what it has no place for: numbers
of clauses, marks of notes, equations within sentences, headers, documents within documents.
"""

import io
import zipfile

from sheaf.contracts.documents import ParsedDocument, ParsedPage
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.blank import blanked
from sheaf.engines.markdown import plain_text
from sheaf.engines.office.package import Package
from sheaf.engines.office.word.blocks import BREAK, Block, Blocks, joined
from sheaf.engines.office.word.context import Context, Note, Revision
from sheaf.engines.office.word.numbering import Numbering
from sheaf.engines.office.word.styles import Styles
from sheaf.engines.source import Source
from sheaf.engines.text import own_version
from sheaf.engines.xml_tree import Element, below

USUAL = "word/document.xml"
NOTE_PARTS = ("footnotes", "endnotes", "comments")
SEPARATORS = {"separator", "continuationSeparator", "continuationNotice"}
NEW_PAGE = {"nextPage", "oddPage", "evenPage"}
SHOWN = {"w:drawing", "w:pict", "w:object", "w:sym", "w:altChunk", "m:oMath"}
"""What shows something without words."""
TOLD = {"insertion": "inserted", "deletion": "deleted"}


def read(source: Source) -> ParsedDocument:
    """Read a text document; its pages are those that it states.

    Raises:
        DocumentError: Corrupt, PasswordRequired or TooLarge.
    """
    with zipfile.ZipFile(source.path) as archive:
        package = Package(archive)
        context, body = _opened(package)
        pages = _pages(context, body)
        is_blank = not any(pages) and _is_all_deleted(context, body)
        if source.options.revisions:
            pages[-1] = "\n\n".join(part for part in (pages[-1], _revised(context)) if part)
        document = ParsedDocument(
            pages=source.select(
                [ParsedPage(page=at, text=plain_text(md), md=md) for at, md in enumerate(pages, 1)]
            ),
            media_type=source.media_type,
            engine="sheaf-word",
            engine_version=own_version(),
            total_pages=len(pages),
            metadata=package.metadata(),
            warnings=tuple(_warnings(context)),
        )
        return blanked(document) if is_blank and not source.options.revisions else document


def markdown_of(data: bytes, chunks: int) -> str:
    """Return the markdown of a text document within another one.

    Raises:
        DocumentError: it cannot be read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > 64 * 1024**2:
                raise DocumentError(FailureKind.TOO_LARGE, "a document within the document")
            context, body = _opened(Package(archive))
            context.chunks = chunks
            return "\n\n".join(_pages(context, body))
    except zipfile.BadZipFile as error:
        raise DocumentError(FailureKind.CORRUPT, f"broken zip container: {error}") from error


def _opened(package: Package) -> tuple[Context, Element]:
    part, root = package.main("wordprocessingml", USUAL)
    styles = Styles(_related(package, part, "styles"))
    context = Context(
        package,
        part,
        styles,
        Numbering(_related(package, part, "numbering"), styles),
        read_word=markdown_of,
    )
    for kind in NOTE_PARTS:
        for name in package.related(part, kind):
            tree = package.tree(name)
            context.note_parts[kind[:-1]] = name
            for note in () if tree is None else tree:
                if note.get("w:type") not in SEPARATORS:
                    context.note_texts[kind[:-1], note.get("w:id", "")] = note
    body = root.find("w:body")
    return context, root if body is None else body


def _related(package: Package, part: str, kind: str) -> Element | None:
    names = package.related(part, kind)
    return package.tree(names[0]) if names else None


def _pages(context: Context, body: Element) -> list[str]:
    pages: list[list[Block]] = [[]]
    notes: list[list[Note]] = []
    for block in _sectioned(context, body):
        if block.ends_page:
            if any(block.md for block in pages[-1]):
                notes.append(context.taken_notes())
                pages.append([])
        else:
            pages[-1].append(block)
    notes.append(context.taken_notes())
    if len(pages) > 1 and not pages[-1]:
        pages.pop()
        last = notes.pop()
        notes[-1] += last
    before, after = _margins(context, body)
    texts = []
    for at, (blocks, marked) in enumerate(zip(pages, notes, strict=True)):
        first = before if at == 0 else []
        last_ = after if at == len(pages) - 1 else []
        written = [Block(md) for note in marked for md in [_note(context, note)] if md]
        texts.append(joined([*first, *blocks, *written, *last_]))
    return texts


def _sectioned(context: Context, body: Element) -> list[Block]:
    """Return all blocks, with ends of pages where a section begins on a new one."""
    kinds = []
    for section in body.iter("w:sectPr"):
        kind = section.find("w:type")
        kinds.append("nextPage" if kind is None else kind.get("w:val", "nextPage"))
    story = Blocks(context)
    blocks: list[Block] = []
    at = 0
    for child in body:
        blocks += story.read_next(child)
        ended = below(child, "w:pPr", "w:sectPr") if child.tag == "w:p" else None
        if ended is not None:
            at += 1
            if at < len(kinds) and kinds[at] in NEW_PAGE:
                blocks.append(BREAK)
    return [*blocks, *story.ended()]


def _note(context: Context, note: Note) -> str:
    """Return the text of a note, as one block that its mark leads."""
    element = context.note_texts.get((note.kind, note.id))
    if element is None:
        context.missing[f"{note.kind}s that the text refers to are not in the document"] += 1
        return ""
    outer, context.part = context.part, context.note_parts[note.kind]
    try:
        text = joined(Blocks(context).read(element))
    finally:
        context.part = outer
    author = element.get("w:author", "") if note.kind == "comment" else ""
    said = f"{author}: {text}" if author else text
    return f"[^{note.label}]: " + said.replace("\n", "\n    ")


def _margins(context: Context, body: Element) -> tuple[list[Block], list[Block]]:
    """Return headers and footers, each once, however many sections have it."""
    found: dict[str, list[Block]] = {"w:headerReference": [], "w:footerReference": []}
    seen: set[str] = set()
    relations = context.package.relations(context.part)
    outer = context.part
    for section in body.iter("w:sectPr"):
        for child in section:
            relation = relations.get(child.get("r:id", ""))
            if child.tag not in found or relation is None or relation.target in seen:
                continue
            seen.add(relation.target)
            root = context.package.tree(relation.target)
            context.part = relation.target
            md = "" if root is None else joined(Blocks(context).read(root))
            if md and child.tag + md not in seen:
                seen.add(child.tag + md)
                found[child.tag].append(Block(md))
    context.part = outer
    return found["w:headerReference"], found["w:footerReference"]


def _revised(context: Context) -> str:
    comments = [
        Revision("comment", note.get("w:author", ""), " ".join("".join(note.itertext()).split()))
        for (kind, _), note in context.note_texts.items()
        if kind == "comment"
    ]
    lines = []
    for one in (*context.revisions, *comments):
        by = f" by {' '.join(one.author.split())}" if one.author else ""
        lines.append(f"- {TOLD.get(one.kind, one.kind)}{by}: {one.words}")
    return "\n\n".join(["## Revisions", "\n".join(lines)]) if lines else ""


def _is_all_deleted(context: Context, body: Element) -> bool:
    """Whether a document without text is blank because tracked changes deleted all that it had."""
    if not context.revisions or context.missing or context.package.broken:
        return False
    context.missing["deletions are all that the document has, and count as accepted"] = len(
        context.revisions
    )
    return not any(element.tag in SHOWN for element in body.iter())


def _warnings(context: Context) -> list[str]:
    told = [f"{what}: {count}" for what, count in context.missing.items()]
    return told + [f"a part could not be read: {part}" for part in context.package.broken]
