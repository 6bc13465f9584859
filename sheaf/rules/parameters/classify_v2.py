"""From the classify configuration of v2 to that of the batch contract."""

from sheaf.contracts.http.classify import ClassifyJob, ClassifyParsingConfiguration
from sheaf.contracts.http.classify_v2 import ClassifyConfiguration, ClassifyParsing
from sheaf.rules.parameters.page_ranges import page_ranges


def classify_job(configuration: ClassifyConfiguration) -> ClassifyJob:
    """Return a v2 configuration as the batch contract's.

    Raises:
        ValueError: `target_pages` is malformed; the message says how to write it.
    """
    return ClassifyJob(
        rules=configuration.rules,
        parsing_configuration=_parsing(configuration.parsing_configuration or ClassifyParsing()),
    )


def _parsing(asked: ClassifyParsing) -> ClassifyParsingConfiguration:
    pages = None
    if asked.target_pages is not None:
        ranges = page_ranges(asked.target_pages, first=1)
        pages = tuple(sorted({page - 1 for one in ranges for page in one}))
    return ClassifyParsingConfiguration(
        lang=asked.lang, max_pages=asked.max_pages, target_pages=pages
    )
