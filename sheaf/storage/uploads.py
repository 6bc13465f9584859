"""Files that callers send: the bytes in the blob store first, then the row that names them."""

from typing import BinaryIO
from uuid import UUID

from sheaf.contracts.ids import uuid7
from sheaf.ledger.database import Database, now_us
from sheaf.ledger.files.uploads import UploadLedger, UploadRow
from sheaf.storage.blobs import Blobs


def upload_key(upload_id: str) -> str:
    """Return the key of an uploaded file's blob."""
    return f"uploads/{upload_id[-2:]}/{upload_id}"


class Uploads:
    """Uploaded files, bytes and rows."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._ledger = UploadLedger(database)
        self._blobs = blobs

    async def store(
        self,
        project_id: str,
        source: BinaryIO,
        *,
        name: str,
        purpose: str,
        external_file_id: str | None = None,
        reserved_id: str | None = None,
    ) -> UploadRow:
        """Store a file and return its row; nobody sees the file before it is whole.

        Args:
            project_id: to whom it belongs.
            source: read block by block, so that its size does not matter.
            name: as the caller knows it; never used as a path.
            purpose: of `sheaf.contracts.http.files.Purpose`.
            external_file_id: the caller's own key.
            reserved_id: UUID of the new file; where it exists already, it is returned.

        Raises:
            OSError: the disk is full, or the source broke off; nothing is left.
        """
        upload_id = str(UUID(reserved_id) if reserved_id else uuid7())
        known = await self._ledger.find(upload_id) if reserved_id else None
        if known:
            return known
        size, digest = await self._blobs.put_stream(upload_key(upload_id), source)
        now = now_us()
        return await self._ledger.create(
            UploadRow(
                id=upload_id,
                project_id=project_id,
                name=name,
                external_file_id=external_file_id,
                purpose=purpose,
                size_bytes=size,
                content_sha256=digest,
                created_at=now,
                updated_at=now,
            )
        )

    async def delete(self, project_id: str, upload_id: str) -> None:
        """Delete a file for good: its row first, so that no row names bytes that are gone.

        Raises:
            NotFoundError: the project has no such file.
        """
        await self._ledger.delete(project_id, upload_id)
        await self._blobs.delete(upload_key(upload_id))
