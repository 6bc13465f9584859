"""What an error that one file raised says of it, and of it alone."""

from sheaf.contracts.failures import DocumentError, FailureKind, OutageError
from sheaf.rules.outside_faults import kind_of_errno

_SAID = {
    FailureKind.SOURCE_CHANGED: "the file is gone",
    FailureKind.REFUSED: "the file may not be read",
    FailureKind.UNAVAILABLE: "the file cannot be read now",
}


def failure_of_item(error: Exception) -> DocumentError:
    """Return what an error means for the one item that raised it; its neighbours go on.

    Raises:
        OutageError: it is one, which says nothing of the item.
    """
    if isinstance(error, OutageError):
        raise error
    if isinstance(error, DocumentError):
        return error
    if isinstance(error, OSError):
        return unreadable(error)
    return DocumentError(FailureKind.CRASHED, f"{type(error).__name__}: {error}")


def unreadable(error: OSError) -> DocumentError:
    """Return why a file cannot be opened or read.

    It is `Unavailable`, which passes, unless the file is gone or its permissions or its name
    forbid it.
    """
    kind = kind_of_errno(error.errno)
    return DocumentError(kind, f"{_SAID[kind]}: {error.strerror or error}")
