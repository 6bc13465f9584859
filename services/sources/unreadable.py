"""What a failed call to the operating system says of a source's file."""

from models.failures import DocumentError, FailureKind
from rules.outside_faults import kind_of_errno

_SAID = {
    FailureKind.SOURCE_CHANGED: "the file is gone",
    FailureKind.REFUSED: "the file may not be read",
    FailureKind.UNAVAILABLE: "the file cannot be read now",
}


def unreadable(error: OSError) -> DocumentError:
    """Return why a file cannot be opened or read.

    It is `Unavailable`, which passes, unless the file is gone or its permissions or its name
    forbid it.
    """
    kind = kind_of_errno(error.errno)
    return DocumentError(kind, f"{_SAID[kind]}: {error.strerror or error}")
