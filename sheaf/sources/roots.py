"""Sources that callers may name: folders and prefixes of S3 that the operator has opened."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sheaf.rules.parameters.s3_locations import S3Location, is_allowed, parse_location
from sheaf.sources.local import source_path


class SourceRefusedError(Exception):
    """A source cannot be used; the message says why and what to do."""


def open_folder(uri: str, roots: Sequence[Path]) -> Path:
    """Return the folder that a `file://` URI names, resolved.

    Raises:
        SourceRefusedError: it is no folder, or not under a root once links are followed. Whether
            something lies outside of the roots is not told.
    """
    if not roots:
        raise SourceRefusedError(
            "this server has no source roots. Set SHEAF_SOURCE_ROOTS to a JSON list of folders, "
            "or leave source_uri out and upload the files"
        )
    path = _path(uri)
    try:
        folder = path.resolve()
        is_under = any(folder.is_relative_to(root.resolve()) for root in roots)
    except (OSError, RuntimeError, ValueError) as error:
        raise SourceRefusedError(f"{uri[:200]} is no path that can be read") from error
    if not is_under:
        raise SourceRefusedError(
            f"{uri[:200]} is not under a source root; SHEAF_SOURCE_ROOTS names the roots"
        )
    if not folder.is_dir():
        raise SourceRefusedError(f"{uri[:200]} is no folder")
    return folder


def open_prefix(
    uri: str, project_id: str, allowed: Mapping[str, Sequence[S3Location]]
) -> S3Location:
    """Return the prefix that an `s3://` URI names. Whether anything lies there is not asked.

    Raises:
        SourceRefusedError: it is no such URI, or not opened to the project.
    """
    try:
        location = parse_location(uri)
    except ValueError as error:
        raise SourceRefusedError(str(error)) from error
    if not is_allowed(location, project_id, allowed):
        raise SourceRefusedError(
            f"{uri[:200]} is not open to the project {project_id}; the operator opens prefixes by "
            f'SHEAF_S3_SOURCES, such as {{"{project_id}": ["{location.uri()[:200]}"]}}'
        )
    return location


def _path(uri: str) -> Path:
    try:
        path = source_path(uri)
        is_here = uri.startswith("file:///")
    except ValueError as error:
        form = Path(uri).as_uri() if uri.startswith("/") else "file:///path, or s3://…"
        raise SourceRefusedError(f"write it as {form[:200]}") from error
    if not is_here or "\0" in str(path) or any(letter in uri for letter in "?#"):
        raise SourceRefusedError(
            "write it as file:/// and an absolute path, with %3F for ? and %23 for #"
        )
    return path
