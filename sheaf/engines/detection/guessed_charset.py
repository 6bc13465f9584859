"""What a detector takes bytes for that are no Unicode and that nobody names the charset of."""

import re

from sheaf.engines.detection.charset_labels import codec_of

CANDIDATES = (
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("iso-8859-2", "iso-8859-5", "iso-8859-7", "iso-8859-8", "koi8-r", "koi8-u"),
    *("cp437", "cp850", "cp852", "cp866", "mac-roman", "mac-cyrillic", "cp874"),
    *("cp932", "euc-jp", "gb18030", "big5", "cp949"),
)
"""Charsets that files of people come in; further ones only draw short texts away from these."""
SEARCHED_BYTES = 4 * 1024**2
SAMPLE_BYTES = 64 * 1024
EAST_OF_WEST = frozenset({"cp1250", "iso8859-2", "cp1254", "cp1257", "cp1258"})
"""Charsets whose words are too like Western ones for anything but a detector."""
MAX_WESTERN_SHARE = 0.4
_ASCII_RUN = re.compile(rb"[\x00-\x7f]{200,}+")
_LETTERS = "äöüßéèêëàâçñóíáúìòùîïôûœæøåãõÄÖÜÉÈÊÀÂÇÑÓÍÁÚÅØÆŒ"
_APOSTROPHE = "\u2019"
_SIGNS = "€£§°©®™µ±²³«»“”„—…·¿¡ªº½¼¾÷•\u00a0\u00d7\u2013\u2018" + _APOSTROPHE
_APART = re.compile(f"(?<![^\\W\\d_])[{_SIGNS}]|[{_SIGNS}](?![^\\W\\d_])|{_APOSTROPHE}")
_HIGH = re.compile("[^\x00-\x7f]")
_HIGH_RUN = re.compile("[^\x00-\x7f]{3}")


def guessed(data: bytes) -> str | None:
    """Return the codec that the letters of a text speak for."""
    import chardet

    # Only bytes above 127 tell, and the first may stand behind megabytes of plain ASCII.
    told = _ASCII_RUN.sub(lambda run: run[0][:100] + run[0][-100:], data[:SEARCHED_BYTES])
    found = chardet.detect(
        told.replace(b"\x00", b"")[:SAMPLE_BYTES],
        compat_names=False,
        include_encodings=CANDIDATES,
    )
    codec = codec_of(found["encoding"])
    return "cp1252" if codec not in EAST_OF_WEST and _is_western(told) else codec


def _is_western(told: bytes) -> bool:
    """Whether a few accents and signs make words that Western Europe writes so.

    A detector takes a lone `§` for a letter of Thai, and a `é` between Latin letters for Greek.
    """
    text = told[:SAMPLE_BYTES].decode("cp1252", "ignore")
    high = _HIGH.findall(text)
    letters = sum(character in _LETTERS for character in high)
    if letters > MAX_WESTERN_SHARE * len(text) or _HIGH_RUN.search(text):
        return False
    return letters + len(_APART.findall(text)) == len(high)
