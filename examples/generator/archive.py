"""Zip containers that come out the same at every time and on every system."""

import io
import zipfile

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TIMESTAMP = (2026, 1, 5, 9, 0, 0)


def write_zip(entries: dict[str, str | bytes]) -> bytes:
    """Pack entries in order, with one fixed time and no trace of the system.

    What says the type comes first and as it is, for those who look at the first bytes.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name, _TIMESTAMP)
            info.create_system = 0
            packing = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(info, data, packing)
    return buffer.getvalue()


def repacked(data: bytes) -> bytes:
    """Return a container with the same entries, packed by `write_zip`."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return write_zip({name: archive.read(name) for name in archive.namelist()})
