"""Names of charsets, and the codec that reads what bears each name.

The table is that of the WHATWG Encoding Standard, chapter 4.2: a name stands for the superset that
is meant by it (`gb2312` is GB 18030, `iso-8859-1` is windows-1252). Names that it leaves out, and
that mails and exports bear, follow Python's own.
"""

import codecs
import re

_LABELS = {
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8 utf-8-sig",
    "cp866": "866 cp866 csibm866 ibm866",
    "iso8859-2": "csisolatin2 iso-8859-2 iso-ir-101 iso_8859-2:1987 l2 latin2",
    "iso8859-3": "csisolatin3 iso-8859-3 iso-ir-109 iso_8859-3:1988 l3 latin3",
    "iso8859-4": "csisolatin4 iso-8859-4 iso-ir-110 iso_8859-4:1988 l4 latin4",
    "iso8859-5": "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso_8859-5:1988",
    "iso8859-6": (
        "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 "
        "iso-8859-6-e iso-8859-6-i iso-ir-127 iso_8859-6:1987"
    ),
    "iso8859-7": (
        "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso_8859-7:1987 "
        "sun_eu_greek"
    ),
    "iso8859-8": (
        "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso_8859-8:1988 "
        "visual csiso88598i iso-8859-8-i logical"
    ),
    "iso8859-10": "csisolatin6 iso-8859-10 iso-ir-157 l6 latin6",
    "iso8859-13": "iso-8859-13",
    "iso8859-14": "iso-8859-14",
    "iso8859-15": "csisolatin9 iso-8859-15 l9 latin9",
    "iso8859-16": "iso-8859-16",
    "koi8-r": "cskoi8r koi koi8 koi8-r koi8_r",
    "koi8-u": "koi8-ru koi8-u",
    "mac-roman": "csmacintosh mac macintosh x-mac-roman",
    "cp874": "dos-874 iso-8859-11 tis-620 windows-874 x-windows-874 tis620",
    "cp1250": "cp1250 windows-1250 x-cp1250",
    "cp1251": "cp1251 windows-1251 x-cp1251",
    "cp1252": (
        "ansi_x3.4-1968 ascii us-ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 "
        "iso_8859-1:1987 l1 latin1 windows-1252 x-cp1252 latin-1"
    ),
    "cp1253": "cp1253 windows-1253 x-cp1253",
    "cp1254": (
        "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso_8859-9:1989 l5 latin5 windows-1254 x-cp1254"
    ),
    "cp1255": "cp1255 windows-1255 x-cp1255",
    "cp1256": "cp1256 windows-1256 x-cp1256",
    "cp1257": "cp1257 windows-1257 x-cp1257",
    "cp1258": "cp1258 windows-1258 x-cp1258",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "gb18030": (
        "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk gb18030 "
        "euc-cn cp936 ms936 windows-936"
    ),
    "cp950": "big5 big5-hkscs cn-big5 csbig5 x-x-big5 big5hkscs cp950 windows-950",
    "euc_jp": "cseucpkdfmtjapanese euc-jp x-euc-jp x-euc euc_jis_2004",
    "iso2022_jp": (
        "csiso2022jp iso-2022-jp iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-3 iso-2022-jp-ms "
        "cp50220 cp50221 x-windows-50221"
    ),
    "cp932": (
        "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis x-ms-cp932 cp932"
    ),
    "cp949": (
        "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 "
        "ksc_5601 windows-949 ks_c_5601 uhc cp949 ms949"
    ),
    "utf-16-be": "unicodefffe utf-16be",
    "utf-16-le": (
        "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le utf16 utf-16-le"
    ),
    "utf-32": "utf-32 utf32 ucs-4",
    "utf-7": "utf-7 unicode-1-1-utf-7",
    "hz": "hz-gb-2312 hz",
}
CODECS = {label: codec for codec, labels in _LABELS.items() for label in (codec, *labels.split())}
"""From a label in lower case to the name of a codec."""

_CODE_PAGE = re.compile(r"(?:x[-_])?(?:windows|win|cp|ibm|dos|ms)[-_ ]?(\d{3,4})")
_ISO = re.compile(r"iso[-_ ]?8859[-_ ]?(\d{1,2})(?:-[ie])?")
_PYTHON_ONLY = re.compile(
    r"(?:cp(?:437|720|737|775|85\d|86\d|1125)|iso2022_\w+|johab|mac-\w+|ptcp154|kz1048|utf-32-\w\w)"
)
WINDOWS_OF = {
    "iso8859-2": "cp1250",
    "iso8859-7": "cp1253",
    "iso8859-8": "cp1255",
    "iso8859-13": "cp1257",
    "iso8859-15": "cp1252",
}
"""What is meant where an ISO charset is named and the bytes of its unused controls occur."""


def codec_of(label: str | None) -> str | None:
    """Return the codec for the name of a charset, or None for a name that says nothing."""
    name = (label or "").strip(" \t\r\n\f\"'").lower()
    if name in CODECS:
        return CODECS[name]
    if page := _CODE_PAGE.fullmatch(name):
        name = f"cp{page[1]}"
    elif iso := _ISO.fullmatch(name):
        name = f"iso-8859-{iso[1]}"
    if name in CODECS:
        return CODECS[name]
    try:
        codec = codecs.lookup(name).name if name else ""
    except (LookupError, ValueError):
        return None
    if codec in CODECS:
        return CODECS[codec]
    # Some of Python's codecs are no charsets (`rot13`, `unicode_escape`), and one reads EBCDIC.
    return codec if _PYTHON_ONLY.fullmatch(codec) else None


def says_nothing(label: str | None) -> bool:
    """Whether a name holds for every mail that a program did not look into."""
    return (label or "").strip(" \t\"'").lower() in {"ascii", "us-ascii", "ansi_x3.4-1968"}
