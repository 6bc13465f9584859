"""What a user names to be read: a folder, a file, or a prefix of S3."""

from pathlib import Path

from sheaf.cli.faults import Fault
from sheaf.config import Settings
from sheaf.rules.parameters.s3_locations import parse_allowed
from sheaf.sources.listing import S3_SCHEME
from sheaf.sources.local import source_name, source_uri
from sheaf.sources.roots import SourceRefusedError, open_prefix


def named_source(path: str, settings: Settings) -> tuple[str, str]:
    """Return the URI of a source and the name under which people know it.

    Raises:
        Fault: it does not exist, or the operator has not opened it.
    """
    if path.startswith(S3_SCHEME):
        try:
            location = open_prefix(path, settings.project, parse_allowed(settings.s3_sources))
        except (SourceRefusedError, ValueError) as error:
            raise Fault(f"PATH: {error}", code=2) from error
        return location.uri(), location.uri().rstrip("/").rpartition("/")[2]
    try:
        if not Path(path).exists():
            raise Fault(f"PATH: {path} does not exist", code=2)
        return source_uri(Path(path)), source_name(Path(path))
    except (OSError, RuntimeError, ValueError) as error:
        raise Fault(f"PATH: {path} is no path that can be read: {error}", code=2) from error
