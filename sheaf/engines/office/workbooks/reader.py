"""Workbooks of every format to pages, a sheet each."""

import zipfile
import zlib
from pathlib import Path

from sheaf.contracts.documents import ParsedDocument, ParsedPage
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.detection.containers import CFB_MAGIC, ODS, XLS
from sheaf.engines.markdown import plain_text
from sheaf.engines.office.sheets import headed, sheet_pages
from sheaf.engines.office.workbooks.cells import MAX_CHARACTERS, Room, Sheet, notes_of, written
from sheaf.engines.office.workbooks.excel_2003 import read_excel_2003
from sheaf.engines.office.workbooks.old_sheets import read_biff
from sheaf.engines.office.workbooks.open_document_sheets import read_open_document
from sheaf.engines.office.workbooks.open_xml_sheets import read_open_xml
from sheaf.engines.source import Source
from sheaf.engines.system_faults import raise_if_of_machine
from sheaf.engines.text import own_version


def read(source: Source) -> ParsedDocument:
    """Read a workbook, with what its cells show.

    Raises:
        DocumentError: Corrupt, PasswordRequired, or Empty without any of the pages asked for.
    """
    sheets, metadata = _sheets(source)
    if not sheets:
        raise DocumentError(FailureKind.CORRUPT, "the workbook has no sheet")
    pages, warnings = [], []
    for number, sheet in enumerate(sheets, 1):
        body, is_list = written(sheet)
        if is_list:
            warnings.append(f"the cells of {sheet.name} are far apart: they are a list, no table")
        md = headed(sheet.name, body)
        pages.append(ParsedPage(page=number, text=plain_text(md), md=md))
    hidden = frozenset(sheet.name for sheet in sheets if sheet.is_hidden)
    shown, left_out = sheet_pages(source, pages, [sheet.name for sheet in sheets], hidden)
    shown = [_with_notes(page, sheets[page.page - 1]) for page in shown]
    return ParsedDocument(
        pages=source.select(shown),
        media_type=source.media_type,
        engine="sheaf-sheets",
        engine_version=own_version(),
        total_pages=max(page.page for page in shown),
        is_truncated=any(sheet.is_cut for sheet in sheets),
        metadata=metadata,
        warnings=(*left_out, *warnings, *_warnings(sheets)),
    )


def _sheets(source: Source) -> tuple[list[Sheet], dict[str, str]]:
    room = Room(MAX_CHARACTERS)
    try:
        if source.media_type == ODS:
            return read_open_document(source.path, room)
        if source.media_type == XLS:
            return _old(source.path, room), {}
        return read_open_xml(source.path, room)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RecursionError) as error:
        raise_if_of_machine(error)
        raise DocumentError(FailureKind.CORRUPT, f"broken workbook: {error}") from error
    except NotImplementedError as error:
        raise DocumentError(FailureKind.UNSUPPORTED, f"zip container: {error}") from error


def _old(path: Path, room: Room) -> list[Sheet]:
    with path.open("rb") as file:
        head = file.read(len(CFB_MAGIC))
    return read_biff(path, room) if head == CFB_MAGIC else read_excel_2003(path, room)


def _with_notes(page: ParsedPage, sheet: Sheet) -> ParsedPage:
    notes = notes_of(sheet)
    if not notes:
        return page
    return page.changed(text=f"{page.text}\n\n{notes}", md=f"{page.md}\n\n{notes}")


def _warnings(sheets: list[Sheet]) -> list[str]:
    warnings = []
    if not any(sheet.rows or sheet.texts or sheet.notes for sheet in sheets):
        # There may be pictures or diagrams on it.
        warnings.append("no sheet has a cell: only the names of the sheets were read")
    if formulas := sum(sheet.uncalculated for sheet in sheets):
        warnings.append(f"formulas without a stored value, shown as they are written: {formulas}")
    if pictures := sum(sheet.pictures for sheet in sheets):
        warnings.append(f"pictures on sheets were not read: {pictures}")
    if cut := [sheet.name for sheet in sheets if sheet.is_cut]:
        limit = MAX_CHARACTERS // 1024**2
        warnings.append(f"more than {limit} MiB of cells: the rest is missing from {cut[0]} on")
    return warnings
