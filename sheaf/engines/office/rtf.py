r"""Letters of RTF that xberg has no place for: given to it as others, and put back in its text.

It writes `\~` and `\_` as they stand, and half a pair of `\u` as nothing. So a sign of one letter
becomes a `\u`, and a pair one letter of the private use area, which is exchanged afterwards.
"""

import re

SIGNS = {b"~": "\u00a0", b"_": "\u2011"}
"""A blank and a hyphen where no line breaks; `\\-` shows only where one does."""

TOKEN = re.compile(
    rb"\\(?:(?P<sign>[~_-])|u(?P<code>-?[0-9]{1,6})(?![0-9])|uc(?P<width>[0-9])|[^a-z']|bin[0-9])"
)
"""Escaped letters are tokens too, so that what follows a backslash in the text is none."""

PRIVATE = 0xE000
MOST_LETTERS = 6000
NOTHING = "\uf8ff"
"""In place of the second half of a pair, whose own fallback has to follow it."""
BETWEEN = 64
"""Most bytes between the halves of a pair: the first one's fallback."""


def prepared(data: bytes) -> tuple[bytes, dict[str, str]]:
    """Return a document for xberg, and the letters that stand for others in its text."""
    tokens = list(TOKEN.finditer(data))
    if any(token[0].startswith(rb"\bin") for token in tokens):
        return data, {}  # raw bytes may hold anything
    parts: list[bytes] = []
    letters: dict[str, str] = {}
    at, number, width = 0, 0, 1
    while number < len(tokens):
        token = tokens[number]
        number += 1
        parts.append(data[at : token.start()])
        at = token.end()
        # Groups end it too, but it is set once in nearly all documents.
        width = int(token["width"] or width)
        after = tokens[number] if number < len(tokens) else None
        pair = _pair(token, after)
        if pair is not None and after is not None and len(letters) < MOST_LETTERS:
            letter = chr(PRIVATE + len(letters))
            letters[letter] = pair
            parts += [_escaped(letter), data[at : after.start()], _escaped(NOTHING)]
            at = after.end()
            number += 1
        else:
            parts.append(_sign(token["sign"], width) if token["sign"] else token[0])
    return b"".join([*parts, data[at:]]), letters


def restored(text: str, letters: dict[str, str]) -> str:
    """Return xberg's text with the letters that the document has."""
    if not letters:
        return text
    return text.translate({ord(one): other for one, other in [*letters.items(), (NOTHING, "")]})


def _pair(token: re.Match[bytes], after: re.Match[bytes] | None) -> str | None:
    """Return the letter of two escapes that are halves of one."""
    if after is None or not (token["code"] and after["code"]):
        return None
    high, low = (int(one["code"]) & 0xFFFF for one in (token, after))
    is_near = after.start() - token.end() <= BETWEEN
    if not (0xD800 <= high < 0xDC00 <= low < 0xE000 and is_near):
        return None
    return chr(0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00)


def _sign(sign: bytes, width: int) -> bytes:
    return _escaped(SIGNS[sign]) + b" " + b"?" * width if sign in SIGNS else b""


def _escaped(letter: str) -> bytes:
    code = ord(letter)
    return b"\\u%d" % (code - 0x10000 if code >= 0x8000 else code)
