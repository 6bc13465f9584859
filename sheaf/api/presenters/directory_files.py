"""Files of directories as callers see them, and why a directory does not take one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sheaf.api.dependencies.links import Linking, file_path, signed_link
from sheaf.api.errors import InvalidError
from sheaf.contracts.http.directories import DirectoryFile
from sheaf.ledger.files.directory_files import SourceBackedError, TakenError
from sheaf.ledger.files.listing import DirectoryFileRow
from sheaf.rules.times import moment


def directory_file(
    row: DirectoryFileRow,
    links: Linking | None = None,
    expand: Sequence[str] = (),
) -> DirectoryFile:
    """Return a directory's file as callers see it.

    Args:
        row: the file.
        links: needed for what `expand` asks for.
        expand: `download_url` adds a signed link; a folder's file has none.
    """
    link = None
    if links and row.upload_id and "download_url" in expand:
        link = signed_link(links, file_path(row.upload_id))
    return DirectoryFile(
        id=row.id,
        project_id=row.project_id,
        directory_id=row.directory_id,
        unique_id=row.unique_id,
        display_name=row.display_name,
        file_id=row.upload_id,
        metadata=row.metadata or {},
        deleted_at=moment(row.deleted_at),
        download_url=link,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
    )


@contextmanager
def explained() -> Iterator[None]:
    """Answer 422 for what a directory cannot take; never 409, which the SDKs send again."""
    try:
        yield
    except SourceBackedError as error:
        raise InvalidError(("path", "directory_id"), f"directory_id: {error}.") from error
    except TakenError as error:
        raise InvalidError(
            ("body", "unique_id"), f"unique_id: {error}. Send another one, or delete that file."
        ) from error
