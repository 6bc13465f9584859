"""What stands at the end of a page: values of a form that it does not draw, and notes."""

from collections.abc import Mapping, Sequence

from sheaf.contracts.documents import ParsedPage
from sheaf.contracts.page_parts import letters
from sheaf.engines.pdf.changes import Field
from sheaf.engines.pdf.looks import Look


def with_additions(
    page: ParsedPage, look: Look, fields: Sequence[Field], values: Mapping[str, str]
) -> ParsedPage:
    """Return a page with a line for each value, and for each note, that it has not already.

    Args:
        page: as it was read.
        look: of the page.
        fields: those that hold a value, of any page.
        values: of a form that no page draws, by name.
    """
    own = [(one.name, one.value) for one in fields if one.page == page.page]
    if not (own or values or look.notes):
        return page
    known = letters(page.text) + letters(page.md)
    lines = [
        f"{name}: {' '.join(value.split())}"
        for name, value in [*own, *values.items()]
        if letters(value) not in known
    ]
    notes = [
        f"Note by {note.author}: {note.text}" if note.author else f"Note: {note.text}"
        for note in look.notes
        if letters(note.text) not in known
    ]
    if not (lines or notes):
        return page
    quoted = ["\n".join(f"> {line}" for line in note.split("\n")) for note in notes]
    return page.changed(
        text="\n\n".join(filter(None, [page.text, "\n".join(lines), *notes])),
        md="\n\n".join(filter(None, [page.md, "\n".join(lines), *quoted])),
    )
