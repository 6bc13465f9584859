"""Pages that could not be read: how many are too many, and what stands in for the others."""

from collections.abc import Callable, Mapping, Sequence

from sheaf.contracts.documents import ParsedPage, ParseOptions
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.contracts.http.parse_output import FailPageMode


def with_failed_pages(
    pages: Mapping[int, ParsedPage],
    wanted: Sequence[int],
    reasons: Mapping[int, str],
    options: ParseOptions,
    raw_text: Callable[[], Mapping[int, str]],
) -> tuple[list[ParsedPage], list[str]]:
    """Return all the pages wanted, and warnings; something stands in for each that is missing.

    Args:
        pages: those that were read, by number.
        wanted: the numbers asked for, ascending.
        reasons: why pages could not be read, by number.
        options: what stands in, and how many may fail. A page whose raw text could be read does
            not count as failed.
        raw_text: reads the text of pages in another way.

    Raises:
        DocumentError: Corrupt, when more pages failed than are tolerated.
    """
    missing = [number for number in wanted if number not in pages]
    if not missing:
        return [pages[number] for number in wanted], []
    is_raw = options.failed_page is FailPageMode.RAW_TEXT
    raw = {number: text for number, text in raw_text().items() if text.strip()} if is_raw else {}
    failed = [number for number in missing if number not in raw]
    _check(failed, wanted, reasons, options)
    stand_ins = {number: _stand_in(number, reasons, raw, options) for number in missing}
    warnings = [f"{_counted(failed)} could not be read"] if failed else []
    if rescued := [number for number in missing if number in raw]:
        warnings.append(f"{_counted(rescued)} read as raw text by the fallback engine")
    return [pages.get(number) or stand_ins[number] for number in wanted], warnings


def _check(
    failed: Sequence[int],
    wanted: Sequence[int],
    reasons: Mapping[int, str],
    options: ParseOptions,
) -> None:
    if len(failed) <= options.page_error_tolerance * len(wanted):
        return
    reason = reasons.get(failed[0], "no reason given")
    message = (
        f"{len(failed)} of {len(wanted)} pages could not be read, over page_error_tolerance: "
        f"{options.page_error_tolerance:g}; page {failed[0]}: {reason}"
    )
    raise DocumentError(FailureKind.CORRUPT, message)


def _stand_in(
    number: int, reasons: Mapping[int, str], raw: Mapping[int, str], options: ParseOptions
) -> ParsedPage:
    reason = reasons.get(number, "the engine gave no such page")
    if number in raw:
        return ParsedPage(page=number, text=raw[number], md=raw[number])
    shown = ""
    if options.failed_page is FailPageMode.ERROR_MESSAGE:
        shown = f"{options.failed_page_prefix}{reason}{options.failed_page_suffix}"
    return ParsedPage(page=number, text=shown, md=shown, error=reason)


def _counted(numbers: Sequence[int]) -> str:
    return "1 page" if len(numbers) == 1 else f"{len(numbers)} pages"
