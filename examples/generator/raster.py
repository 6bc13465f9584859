"""Text drawn as pixels: a black and white bitmap, its PNG file, and a small letter set of our own.

Letters are kept on a grid seven dots high and enlarged by doubling with rounded corners (the rule
known as Scale2x), which gives OCR outlines near those of print.
"""

import binascii
import struct
import zlib
from functools import cache
from pathlib import Path

CAP_HEIGHT, DESCENT = 7, 2

Grid = tuple[tuple[int, ...], ...]


@cache
def _letters() -> dict[str, tuple[int, Grid]]:
    """Read the letter set: a character, its rows below the base line, and its rows."""
    letters: dict[str, tuple[int, Grid]] = {" ": (0, ((0, 0, 0),))}
    source = Path(__file__).with_name("letters.txt").read_text(encoding="utf-8")
    for line in source.splitlines():
        if line and not line.startswith("# "):
            char, descent, rows = line.split()
            grid = tuple(tuple(int(dot == "X") for dot in row) for row in rows.split("/"))
            letters[char] = (int(descent), grid)
    return letters


def _double(grid: Grid) -> Grid:
    """Enlarge twice, cutting corners where two neighbours agree."""
    height, width = len(grid), len(grid[0])

    def dot(y: int, x: int) -> int:
        return grid[y][x] if 0 <= y < height and 0 <= x < width else 0

    rows: list[tuple[int, ...]] = []
    for y in range(height):
        upper: list[int] = []
        lower: list[int] = []
        for x in range(width):
            here, up, down = grid[y][x], dot(y - 1, x), dot(y + 1, x)
            left, right = dot(y, x - 1), dot(y, x + 1)
            plain = up == down or left == right
            upper += [
                here if plain or left != up else left,
                here if plain or up != right else right,
            ]
            lower += [
                here if plain or left != down else left,
                here if plain or down != right else right,
            ]
        rows += [tuple(upper), tuple(lower)]
    return tuple(rows)


@cache
def _glyph(char: str, doublings: int) -> Grid:
    """Return a letter enlarged, as high as a whole line from cap height to descent."""
    descent, rows = _letters()[char]
    blank = ((0,) * len(rows[0]),)
    above = CAP_HEIGHT + descent - len(rows)
    grid = blank * above + rows + blank * (DESCENT - descent)
    for _ in range(doublings):
        grid = _double(grid)
    return grid


def _gap(doublings: int) -> int:
    """Return the space after a letter: one and a half dots of the grid."""
    return 3 << doublings >> 1


class Bitmap:
    """A white page of black and white dots."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._rows = [bytearray(width) for _ in range(height)]

    def text(self, x: int, y: int, text: str, doublings: int = 2) -> None:
        """Write a line whose cap height begins at `y`."""
        for char in text:
            grid = _glyph(char, doublings)
            for offset, dots in enumerate(grid):
                row = self._rows[y + offset]
                for column, dot in enumerate(dots, start=x):
                    row[column] |= dot
            x += len(grid[0]) + _gap(doublings)

    def line(self, x: int, y: int, length: int, thickness: int = 3) -> None:
        """Draw a horizontal rule."""
        for row in self._rows[y : y + thickness]:
            row[x : x + length] = b"\1" * length

    def packed(self) -> bytes:
        """Return eight dots a byte, where 1 is white, each row padded to whole bytes."""
        size = (self.width + 7) // 8
        table = bytes.maketrans(b"\0\1", b"10")
        return b"".join(
            int(row.translate(table).ljust(size * 8, b"1"), 2).to_bytes(size, "big")
            for row in self._rows
        )

    def png(self) -> bytes:
        """Write a PNG file of one bit a dot, its data stored without compression."""
        data, size = self.packed(), (self.width + 7) // 8
        lines = b"".join(b"\0" + data[i : i + size] for i in range(0, len(data), size))
        header = struct.pack(">IIBBBBB", self.width, self.height, 1, 0, 0, 0, 0)
        return (
            b"\x89PNG\r\n\x1a\n"
            + _png_chunk(b"IHDR", header)
            + _png_chunk(b"IDAT", _stored(lines))
            + _png_chunk(b"IEND", b"")
        )


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    checksum = binascii.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def _stored(data: bytes) -> bytes:
    """Wrap data as a zlib stream of stored blocks, the same bytes under every zlib."""
    out = bytearray(b"\x78\x01")
    for start in range(0, len(data), 65535):
        part = data[start : start + 65535]
        is_last = start + 65535 >= len(data)
        out += struct.pack("<BHH", is_last, len(part), len(part) ^ 0xFFFF) + part
    return bytes(out) + struct.pack(">I", zlib.adler32(data))
