"""Whether bytes without a known signature may be shown to a person as text."""

import unicodedata

from sheaf.engines.detection.charset import decoded, proved_charset

SAMPLE_BYTES = 4096
TEXT_CONTROLS = frozenset("\t\n\r\f\x0b\x1b\x08\x1a")
MAX_CONTROL_SHARE = 0.02
"""Share of control characters above which bytes are no text; a few turn up in old exports."""
MIN_HELD_SHARE = 0.005
MIN_HELD_BYTES = 16
"""What a text with holes of zeros must have besides them."""
MAX_STRANGE_SHARE = 0.05
MIN_LETTER_SHARE = 0.5


def looks_like_text(data: bytes) -> bool:
    """Whether bytes are a text in some charset."""
    sample = data[:SAMPLE_BYTES]
    if proved_charset(sample) is not None:
        return True
    held = sample.replace(b"\x00", b"")
    has_holes = len(held) < len(sample)
    if has_holes and (held_all := data.replace(b"\x00", b"")):
        # A hole may be larger than a sample.
        if len(held_all) < max(MIN_HELD_BYTES, MIN_HELD_SHARE * len(data)):
            return False
        held = held_all[:SAMPLE_BYTES]
    if not held:
        return False
    controls = sum(1 for byte in held if byte < 32 and chr(byte) not in TEXT_CONTROLS)
    if controls > (0 if has_holes else MAX_CONTROL_SHARE * len(held)):
        return False
    return _reads_well(held)


def _reads_well(sample: bytes) -> bool:
    found = decoded(sample)
    if found.charset in {"utf-8", "utf-8-sig", "iso2022_jp"}:
        return True
    text = found.text[:-1]  # the sample may end inside a character
    high = [character for character in text if ord(character) > 127]
    if not high:
        return True
    letters = sum(unicodedata.category(character)[0] in "LM" for character in high)
    strange = sum(unicodedata.category(c)[0] == "C" or c == "\ufffd" for c in high)
    # Random bytes are as often signs and unused places as letters.
    return strange <= MAX_STRANGE_SHARE * len(high) and (
        letters >= MIN_LETTER_SHARE * len(high) or len(high) <= 0.3 * len(text)
    )
