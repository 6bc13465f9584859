"""A copy of a PDF in which what only a viewer draws stands on the pages, upright and of a size.

liteparse reads what the pages draw. So the fields of forms and the typed notes, which a viewer
draws over them, are drawn into a copy; boxes to tick are drawn as `[x]` and `[ ]`. A page whose
words all lie on their side is turned in the copy, and a plot of metres is made smaller.
"""

import ctypes
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sheaf.engines.pdf.objects import changed_copy
from sheaf.engines.source import Source

TICKED, EMPTY = "[x]", "[ ]"
WIDTH = 1.06
"""Of a ticked box in Helvetica, in sizes of the font."""
HIDDEN = 2 | 32
"""Flags of annotations that are not shown (ISO 32000-1, table 165)."""
PASSWORD = 1 << 13
"""Flag of a field whose value is not to be shown (table 228)."""
MAX_FIELDS = 20_000


@dataclass(frozen=True)
class Changes:
    """What is to be done to which pages, by number."""

    drawn: frozenset[int] = frozenset()
    turned: dict[int, int] = field(default_factory=dict)
    """Degrees clockwise."""
    scaled: dict[int, float] = field(default_factory=dict)

    @property
    def pages(self) -> list[int]:
        """Every page that is changed, ascending."""
        return sorted(self.drawn | self.turned.keys() | self.scaled.keys())


@dataclass(frozen=True)
class Field:
    """A field of a form that shows a value."""

    page: int
    name: str
    value: str


def changed(source: Source, copy: Any, changes: Changes) -> list[Field] | None:
    """Write a copy with these changes, and return the fields with a value, in their order.

    Returns None where there is no copy: PDFium does not open the file, or not these pages.
    """
    fields: list[Field] = []

    def change(document: Any) -> bool:
        from pypdfium2 import raw

        if changes.drawn and raw.FPDF_GetFormType(document) != raw.FORMTYPE_NONE:
            document.init_forms()
        for number in changes.pages:
            if number in changes.drawn:
                _draw(document, number, fields)
            page = document[number - 1]
            if number in changes.scaled:
                _scale(page, changes.scaled[number])
            if number in changes.turned:
                page.set_rotation((page.get_rotation() + changes.turned[number]) % 360)
            page.close()
        return True

    return fields if changed_copy(source, copy, change) else None


def _draw(document: Any, number: int, fields: list[Field]) -> None:
    """Draw the annotations of a page into it; boxes become marks."""
    from pypdfium2 import raw

    page = document[number - 1]
    boxes: list[tuple[Any, bool]] = []
    for at in reversed(range(min(raw.FPDFPage_GetAnnotCount(page), MAX_FIELDS))):
        annotation = raw.FPDFPage_GetAnnot(page, at)
        if not annotation:
            continue
        try:
            box = _taken(document, annotation, number, fields)
        finally:
            raw.FPDFPage_CloseAnnot(annotation)
        if box is not None:
            boxes.append(box)
            raw.FPDFPage_RemoveAnnot(page, at)
    raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
    page.close()
    if boxes:
        _draw_boxes(document, number, boxes)


def _taken(
    document: Any, annotation: Any, number: int, fields: list[Field]
) -> tuple[Any, bool] | None:
    """Note the value of a field; a box to tick is given back, with its place."""
    from pypdfium2 import raw

    form = document.formenv
    if raw.FPDFAnnot_GetSubtype(annotation) != raw.FPDF_ANNOT_WIDGET or form is None:
        return None
    if raw.FPDFAnnot_GetFlags(annotation) & HIDDEN:
        return None
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in {raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON}:
        place = raw.FS_RECTF()
        raw.FPDFAnnot_GetRect(annotation, place)
        return place, bool(raw.FPDFAnnot_IsChecked(form, annotation))
    if kind in {
        raw.FPDF_FORMFIELD_TEXTFIELD,
        raw.FPDF_FORMFIELD_COMBOBOX,
        raw.FPDF_FORMFIELD_LISTBOX,
    } and not (raw.FPDFAnnot_GetFormFieldFlags(form, annotation) & PASSWORD):
        value = _text(raw.FPDFAnnot_GetFormFieldValue, form, annotation).strip()
        name = _text(raw.FPDFAnnot_GetFormFieldAlternateName, form, annotation).strip()
        name = name or _text(raw.FPDFAnnot_GetFormFieldName, form, annotation).strip()
        if value:
            fields.insert(0, Field(number, " ".join(name.split()) or "value", value))
    return None


def _text(call: Any, form: Any, annotation: Any) -> str:
    size = call(form, annotation, None, 0)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    call(form, annotation, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")


def _draw_boxes(document: Any, number: int, boxes: Iterable[tuple[Any, bool]]) -> None:
    from pypdfium2 import raw

    page = document[number - 1]
    for place, is_ticked in boxes:
        high, wide = abs(place.top - place.bottom), abs(place.right - place.left)
        size = max(4.0, min(high, wide / WIDTH, 14.0))
        text = raw.FPDFPageObj_NewTextObj(document, b"Helvetica", size)
        words = (TICKED if is_ticked else EMPTY).encode("utf-16-le") + b"\0\0"
        held = ctypes.create_string_buffer(words, len(words))
        raw.FPDFText_SetText(text, ctypes.cast(held, ctypes.POINTER(ctypes.c_ushort)))
        left, bottom = min(place.left, place.right), min(place.bottom, place.top)
        raw.FPDFPageObj_Transform(text, 1, 0, 0, 1, left, bottom + (high - size) / 2 + size * 0.22)
        raw.FPDFPage_InsertObject(page, text)
    raw.FPDFPage_GenerateContent(page)
    page.close()


def _scale(page: Any, factor: float) -> None:
    from pypdfium2 import raw

    left, bottom, right, top = page.get_mediabox()
    matrix = raw.FS_MATRIX(factor, 0, 0, factor, -left * factor, -bottom * factor)
    clip = raw.FS_RECTF(0, (top - bottom) * factor, (right - left) * factor, 0)
    raw.FPDFPage_TransFormWithClip(page, matrix, clip)
    page.set_mediabox(0, 0, (right - left) * factor, (top - bottom) * factor)
    page.set_cropbox(0, 0, (right - left) * factor, (top - bottom) * factor)
