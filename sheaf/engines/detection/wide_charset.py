"""UTF-16 and UTF-32 without a mark, told by where their zero bytes stand."""

import unicodedata
from collections import Counter

SAMPLE_BYTES = 4096
MIN_LETTERS_SHARE = 0.95
BLOCK = 8
"""Bits of a code unit below its block of 256."""
IDEOGRAPHS = 0x30
"""Kana, ideographs and Hangul count as one block."""


def wide_charset(data: bytes) -> str | None:
    """Return the codec of text in units of 2 or 4 bytes, or None for any other bytes."""
    sample = data[:SAMPLE_BYTES]
    zeros = sample.count(0)
    if len(sample) < 4 or zeros == 0:
        return None
    if (found := _by_places(sample, zeros)) is not None:
        return found
    return next((name for name in ("utf-16-le", "utf-16-be") if _is_text(sample, name)), None)


def _by_places(sample: bytes, zeros: int) -> str | None:
    """Tell text of mostly Latin letters."""
    if zeros > 0.7 * len(sample) and len(sample) >= 8:
        quarter = len(sample) // 4
        counts = [sample[at::4].count(0) for at in range(4)]
        if counts[0] < 0.05 * quarter and min(counts[2:]) > 0.95 * quarter:
            return "utf-32-le"
        if counts[3] < 0.05 * quarter and min(counts[:2]) > 0.95 * quarter:
            return "utf-32-be"
    half = len(sample) // 2
    even, odd = sample[0 : 2 * half : 2].count(0), sample[1 : 2 * half : 2].count(0)
    if odd > 0.6 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.6 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _is_text(sample: bytes, charset: str) -> bool:
    """Whether units are letters of a few scripts, with the blanks and line ends of a text."""
    try:
        text = sample[: len(sample) // 2 * 2].decode(charset)
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 3:
            return False
        text = sample[: error.start].decode(charset)
    if len(text) < 8 or not any(character in " \n\t" for character in text):
        return False
    categories = Counter(unicodedata.category(c)[0] for c in text if c not in "\r\n\t")
    if categories["C"] or categories["L"] < 0.3 * len(text):
        return False
    blocks = Counter(_block(ord(c)) for c in text)
    return sum(count for _, count in blocks.most_common(3)) >= MIN_LETTERS_SHARE * len(text)


def _block(code: int) -> int:
    block = code >> BLOCK
    is_ideograph = IDEOGRAPHS <= block <= 0x9F or 0xAC <= block <= 0xD7 or block == 0xFF
    return IDEOGRAPHS if is_ideograph else block
