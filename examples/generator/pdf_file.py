"""The bytes of a PDF file: objects, cross-reference table, trailer, and 40-bit encryption.

Streams are left uncompressed or run-length encoded, so that the bytes do not depend on the zlib at
hand.
"""

import hashlib
from dataclasses import dataclass, field

_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_PERMISSIONS = -44
"""Print and copy, no change; kept as the specification wants it, a signed 32-bit number."""


def rc4(key: bytes, data: bytes) -> bytes:
    """Encrypt or decrypt by RC4."""
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    out = bytearray()
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


class Encryption:
    """The standard security handler of PDF 1.3, revision 2: old and weak, and read everywhere."""

    def __init__(self, password: str, file_id: bytes) -> None:
        padded = (password.encode("latin-1") + _PADDING)[:32]
        self.owner_entry = rc4(_md5(padded)[:5], padded)
        permissions = _PERMISSIONS.to_bytes(4, "little", signed=True)
        self._key = _md5(padded + self.owner_entry + permissions + file_id)[:5]
        self.user_entry = rc4(self._key, _PADDING)

    def encrypt(self, number: int, data: bytes) -> bytes:
        """Encrypt a stream of the object with this number."""
        object_key = _md5(self._key + number.to_bytes(3, "little") + b"\0\0")[:10]
        return rc4(object_key, data)

    def dictionary(self) -> str:
        """Write the Encrypt dictionary."""
        owner, user = self.owner_entry.hex(), self.user_entry.hex()
        return f"<< /Filter /Standard /V 1 /R 2 /P {_PERMISSIONS} /O <{owner}> /U <{user}> >>"


@dataclass
class PdfFile:
    """Objects in the order they are written; a reference is an object's number."""

    objects: list[tuple[str, bytes | None]] = field(default_factory=list)

    def add(self, dictionary: str, stream: bytes | None = None) -> int:
        """Append an object and return its number."""
        self.objects.append((dictionary, stream))
        return len(self.objects)

    def write(self, root: int, password: str | None = None) -> bytes:
        """Serialise the file; with a password, its streams are encrypted."""
        file_id = _md5(repr(self.objects).encode())
        encryption = Encryption(password, file_id) if password else None
        out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        offsets = []
        for number, (dictionary, stream) in enumerate(self.objects, start=1):
            offsets.append(len(out))
            data = encryption.encrypt(number, stream) if encryption and stream else stream
            out += _object(number, dictionary, data)
        size = len(offsets) + 1
        start = len(out)
        out += f"xref\n0 {size}\n0000000000 65535 f \n".encode()
        out += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
        trailer = f"/Size {size} /Root {root} 0 R /ID [<{file_id.hex()}> <{file_id.hex()}>]"
        if encryption:
            trailer += f" /Encrypt {encryption.dictionary()}"
        out += f"trailer\n<< {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()
        return bytes(out)


def _object(number: int, dictionary: str, stream: bytes | None) -> bytes:
    head = f"{number} 0 obj\n".encode()
    if stream is None:
        return head + f"{dictionary}\nendobj\n".encode()
    start = dictionary.removesuffix(">>").rstrip()
    entry = f"{start} /Length {len(stream)} >>\nstream\n".encode()
    return head + entry + stream + b"\nendstream\nendobj\n"


def run_length(data: bytes) -> bytes:
    """Encode for the RunLengthDecode filter."""
    out = bytearray()
    i = 0
    while i < len(data):
        run = 1
        while run < 128 and data[i + run : i + run + 1] == data[i : i + 1]:
            run += 1
        if run > 1:
            out += bytes((257 - run, data[i]))
            i += run
            continue
        end = i + 1
        while end < len(data) and end - i < 128 and data[end : end + 1] != data[end + 1 : end + 2]:
            end += 1
        out += bytes((end - i - 1,)) + data[i:end]
        i = end
    return bytes(out) + b"\x80"
