"""Zip containers that come out the same on every machine."""

import io
import zipfile

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TIMESTAMP = (2026, 1, 5, 9, 0, 0)


def write_zip(entries: dict[str, str | bytes]) -> bytes:
    """Pack entries in order, stored, with one fixed time and no trace of the system."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name, _TIMESTAMP)
            info.create_system = 0
            archive.writestr(info, data)
    return buffer.getvalue()
