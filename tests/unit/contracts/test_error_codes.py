"""The contract's code of each kind of failure."""

import pytest

from sheaf.contracts.failures import FailureKind
from sheaf.contracts.http.parse_results import error_code

DOCUMENTED = {
    *("UNSUPPORTED_FILE_TYPE", "PDF_IS_PROTECTED", "PDF_IS_BROKEN", "NO_DATA_FOUND_IN_FILE"),
    *("DOCUMENT_TOO_LARGE", "TOO_MANY_PAGES", "TIMEOUT"),
}
GENERAL = "ERROR_DURING_PROCESSING"
CODES = {
    FailureKind.INVALID: GENERAL,
    FailureKind.CORRUPT: "PDF_IS_BROKEN",
    FailureKind.UNSUPPORTED: "UNSUPPORTED_FILE_TYPE",
    FailureKind.PASSWORD_REQUIRED: "PDF_IS_PROTECTED",
    FailureKind.TOO_LARGE: "DOCUMENT_TOO_LARGE",
    FailureKind.TOO_MANY_PAGES: "TOO_MANY_PAGES",
    FailureKind.EMPTY: "NO_DATA_FOUND_IN_FILE",
    FailureKind.SOURCE_CHANGED: GENERAL,
    FailureKind.REFUSED: GENERAL,
    FailureKind.TIMEOUT: "TIMEOUT",
    FailureKind.CRASHED: GENERAL,
    FailureKind.EXHAUSTED: GENERAL,
    FailureKind.UNAVAILABLE: GENERAL,
    FailureKind.RATE_LIMITED: GENERAL,
}


@pytest.mark.parametrize("kind", FailureKind)
def test_each_kind_has_its_code(kind: FailureKind) -> None:
    assert error_code(kind) == error_code(str(kind)) == CODES[kind]


def test_each_documented_code_is_the_one_of_a_kind() -> None:
    assert {code for code in CODES.values() if code != GENERAL} == DOCUMENTED
    assert error_code(None) == error_code("of a newer version") == GENERAL
