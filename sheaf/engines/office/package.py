"""The parts of an Open XML file, found by what they say of one another and not by their names."""

import posixpath
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import IO
from urllib.parse import unquote

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.xml_tree import Element, tree_of

MAX_PART_BYTES = 512 * 1024**2


@dataclass(frozen=True)
class Relation:
    """What a part refers to: another part by its name, or an address outside."""

    kind: str
    """The last word of its type, such as `footnotes` or `hyperlink`."""
    target: str
    is_external: bool


@dataclass
class Package:
    """A zip container whose names are compared as producers mean them.

    Some write backslashes, a leading slash, or another case than they refer to.
    """

    archive: zipfile.ZipFile
    broken: list[str] = field(default_factory=list)
    """Parts that were asked for and could not be read."""

    def __post_init__(self) -> None:
        self._names = {_key(name): name for name in reversed(self.archive.namelist())}
        self._relations: dict[str, dict[str, Relation]] = {}

    def read(self, part: str) -> bytes | None:
        """Return the bytes of a part; None where there is none.

        Raises:
            DocumentError: PasswordRequired, TooLarge or Corrupt.
        """
        name = self._names.get(_key(part))
        if name is None:
            return None
        info = self.archive.getinfo(name)
        if info.flag_bits & 1:
            raise DocumentError(FailureKind.PASSWORD_REQUIRED, "the zip container is encrypted")
        if info.file_size > MAX_PART_BYTES:
            message = f"{part} of {info.file_size} bytes, over the limit of {MAX_PART_BYTES}"
            raise DocumentError(FailureKind.TOO_LARGE, message)
        try:
            return self.archive.read(name)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise DocumentError(FailureKind.CORRUPT, f"{part}: {error}") from error

    def open(self, part: str) -> IO[bytes]:
        """Open a part that is too large to be held as a whole.

        Raises:
            DocumentError: PasswordRequired, or Corrupt where there is none of the name.
        """
        name = self._names.get(_key(part))
        if name is None:
            raise DocumentError(FailureKind.CORRUPT, f"the document has no part {part}")
        if self.archive.getinfo(name).flag_bits & 1:
            raise DocumentError(FailureKind.PASSWORD_REQUIRED, "the zip container is encrypted")
        return self.archive.open(name)

    def has(self, part: str) -> bool:
        """Whether there is a part of a name."""
        return _key(part) in self._names

    def tree(self, part: str) -> Element | None:
        """Return the root of a part that a document can do without; None where it is not whole."""
        try:
            data = self.read(part)
            return None if data is None else tree_of(data, part)
        except DocumentError as error:
            if error.kind is not FailureKind.CORRUPT:
                raise
            self.broken.append(part)
            return None

    def main(self, kind: str, usual: str) -> tuple[str, Element]:
        """Return the name and root of the part that the package is about.

        Args:
            kind: what its content type has in it, such as `wordprocessingml`.
            usual: the name that it has where nothing says so.

        Raises:
            DocumentError: Corrupt: there is none, or it is no XML.
        """
        named = [r.target for r in self.relations("").values() if r.kind == "officeDocument"]
        for part in (*named, *self._by_content_type(kind), usual):
            data = self.read(part)
            if data is not None:
                return part, tree_of(data, part)
        raise DocumentError(FailureKind.CORRUPT, f"the document has no main part, such as {usual}")

    def relations(self, part: str) -> dict[str, Relation]:
        """Return what a part refers to, by the ids that it has for that."""
        if part not in self._relations:
            folder, name = posixpath.split(part)
            root = self.tree(posixpath.join(folder, "_rels", f"{name}.rels"))
            self._relations[part] = {
                element.get("Id", ""): _relation(element, folder)
                for element in (() if root is None else root)
            }
        return self._relations[part]

    def related(self, part: str, kind: str) -> list[str]:
        """Return the names of the parts of a kind that a part refers to."""
        relations = self.relations(part).values()
        return [r.target for r in relations if r.kind == kind and not r.is_external]

    def metadata(self) -> dict[str, str]:
        """Return title, author and subject as the document states them."""
        parts = [r.target for r in self.relations("").values() if r.kind == "core-properties"]
        root = self.tree((parts or ["docProps/core.xml"])[0])
        names = {"dc:title": "title", "dc:creator": "author", "dc:subject": "subject"}
        found = {
            names[e.tag]: e.text or "" for e in (() if root is None else root) if e.tag in names
        }
        return {name: text.strip() for name, text in found.items() if text.strip()}

    def _by_content_type(self, kind: str) -> list[str]:
        root = self.tree("[Content_Types].xml")
        return [
            element.get("PartName", "").lstrip("/")
            for element in (() if root is None else root)
            if kind in element.get("ContentType", "")
            and element.get("ContentType", "").endswith("main+xml")
        ]


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _relation(element: Element, folder: str) -> Relation:
    target = element.get("Target", "")
    kind = element.get("Type", "").rpartition("/")[2]
    if element.get("TargetMode") == "External":
        return Relation(kind, target, is_external=True)
    path = unquote(target).replace("\\", "/")
    whole = path if path.startswith("/") else posixpath.join(folder, path)
    return Relation(kind, posixpath.normpath(whole).lstrip("/"), is_external=False)
