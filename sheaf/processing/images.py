"""Pictures on their way from a parser process to the store."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sheaf.contracts.documents import EngineResult, ParseOptions
from sheaf.contracts.failures import DocumentError, FailureKind, OutageError
from sheaf.rules.outside_faults import is_outside_fault, reason
from sheaf.storage.scratch import own_folder


@contextmanager
def image_folder(options: ParseOptions) -> Iterator[str | None]:
    """Give a folder for the pictures of one file, when any are wanted."""
    if not options.images:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="images-", dir=own_folder()) as folder:
        yield folder


def written_images(answer: EngineResult, folder: str | None) -> dict[str, bytes]:
    """Return the pictures that a parser process says it has written, by name.

    Raises:
        DocumentError: Crashed: it has not.
        OutageError: they cannot be read now.
    """
    if folder is None or answer.document is None:
        return {}
    names = [image.name for page in answer.document.pages for image in page.images]
    try:
        return {name: _own_bytes(Path(folder) / name) for name in names}
    except OSError as error:
        if is_outside_fault(error):
            raise OutageError("the folder for temporary files", reason(error)) from error
        message = f"a picture was not written: {error.strerror}"
        raise DocumentError(FailureKind.CRASHED, message) from error


def _own_bytes(path: Path) -> bytes:
    # A parser process reads hostile bytes: a link of its making must not lead anywhere.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        return file.read()
