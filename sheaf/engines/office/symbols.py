"""Signs of the symbol fonts that documents write in private code points."""
# ruff: noqa: RUF001 - signs that look like letters are meant

_WINGDINGS = (
    (
        0x21,
        "✏✂✁👓🕭🕮🕯🕿✆🖂🖃📪📫📬📭🗀🗁🗎🗏🗐🗄⏳🖮🖰🖲🖳🖴🖫🖬✇✍🖎✌👌👍👎☜☞☝☟🖐☺😐☹💣☠🏳🏱✈☼💧❄🕆✞🕈✠✡☪☯ॐ☸♈♉♊♋♌♍♎♏♐♑♒♓🙰🙵●🔾■□🞐❑❒⬧⧫◆❖⬥⌧⮹⌘🏵🏶🙶🙷",
    ),
    (0x80, "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿🙢🙠🙡🙣🙞🙜🙝🙟·•▪⚪🞆🞈◉◎🔿▪◻🟂✦★✶✴✹✵⯐⌖⟡⌑⯑✪✰🕐🕑🕒🕓🕔🕕🕖🕗🕘🕙🕚🕛"),
    (0xD8, "⮘⮚⮙⮛⮈⮊⮉⮋🡨🡪🡩🡫🡬🡭🡯🡮🡸🡺🡹🡻🡼🡽🡿🡾⇦⇨⇧⇩⬄⇳⬀⬁⬃⬂🢬🢭🗶✓🗷🗹"),
)
"""Of Wingdings, runs from their first code (Unicode L2/11-149)."""

_WINGDINGS_CHECKS = {0x6F: "☐", 0x71: "☐", 0xA8: "☐", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑"}
"""As people know them: boxes of forms, rather than what they are drawn like."""

_WINGDINGS_2 = {
    0x50: "✓",
    0x4F: "✗",
    0x51: "☒",
    0x52: "☑",
    0x53: "☒",
    0x54: "☒",
    0xA3: "☐",
    0x97: "●",
    0x56: "☒",
    0x55: "☒",
}
_WEBDINGS = {0x61: "✓", 0x63: "☐", 0x72: "✗", 0x67: "■", 0x6E: "●"}

_SYMBOL = (
    (0x41, "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_"),
    (0x61, "αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"),
    (0xA0, "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑"),
    (0xF1, "〉∫"),
)
_SYMBOL_SINGLE = {0x22: "∀", 0x24: "∃", 0x27: "∋", 0x2A: "∗", 0x2D: "−", 0x40: "≅"}


def _table(runs: tuple[tuple[int, str], ...], more: dict[int, str]) -> dict[int, str]:
    table = {code: chr(code) for code in range(0x20, 0x7F)} if runs is _SYMBOL else {}
    table |= {first + at: sign for first, signs in runs for at, sign in enumerate(signs)}
    return table | more


FONTS = {
    "wingdings": _table(_WINGDINGS, _WINGDINGS_CHECKS),
    "wingdings 2": _WINGDINGS_2,
    "webdings": _WEBDINGS,
    "symbol": _table(_SYMBOL, _SYMBOL_SINGLE),
}
"""What each code of a font shows; codes may come with 0xF000 added."""

UNKNOWN = "\ufffd"


def sign(font: str, code: int) -> str:
    """Return what a code of a font shows; a replacement character where that is not known."""
    low = code - 0xF000 if 0xF000 <= code <= 0xF0FF else code
    table = FONTS.get(font.strip().lower())
    if table is not None:
        return table.get(low, UNKNOWN)
    if low != code:  # private code points of a font that is not known
        return UNKNOWN
    return chr(code) if 0x20 <= code < 0x110000 and not 0xD800 <= code < 0xE000 else UNKNOWN


def in_font(font: str, text: str) -> str:
    """Return text that is set in a font, with the signs that it shows."""
    table = FONTS.get(font.strip().lower())
    if table is None:
        return text
    return "".join(table.get(ord(c) - 0xF000, c) if "\uf020" <= c <= "\uf0ff" else c for c in text)
