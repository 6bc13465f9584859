"""Where Tesseract's language data is, and which languages it can read.

liteparse downloads data that it does not find, even when a folder is named. So a language is
handed to it only after its file has been seen here.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from sheaf.contracts.failures import DocumentError, FailureKind

FOLDERS = (
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
    "/opt/local/share/tessdata",
)
DEBIAN_FOLDER = "/usr/share/tesseract-ocr"

TESSERACT_CODES = {
    "af": "afr", "ar": "ara", "az": "aze", "be": "bel", "bg": "bul", "bn": "ben", "bs": "bos",
    "ca": "cat", "ch_sim": "chi_sim", "ch_tra": "chi_tra", "cs": "ces", "cy": "cym",
    "da": "dan", "de": "deu", "el": "ell", "en": "eng", "es": "spa", "et": "est", "eu": "eus",
    "fa": "fas", "fi": "fin", "fr": "fra", "ga": "gle", "gl": "glg", "gu": "guj", "he": "heb",
    "hi": "hin", "hr": "hrv", "hu": "hun", "hy": "hye", "id": "ind", "is": "isl", "it": "ita",
    "ja": "jpn", "ka": "kat", "kn": "kan", "ko": "kor", "ku": "kmr", "la": "lat", "lt": "lit",
    "lv": "lav", "mi": "mri", "mk": "mkd", "ml": "mal", "mn": "mon", "mr": "mar", "ms": "msa",
    "mt": "mlt", "ne": "nep", "nl": "nld", "no": "nor", "oc": "oci", "pa": "pan", "pl": "pol",
    "ps": "pus", "pt": "por", "ro": "ron", "rs_cyrillic": "srp", "rs_latin": "srp_latn",
    "ru": "rus", "sa": "san", "sk": "slk", "sl": "slv", "sq": "sqi", "sr": "srp", "sv": "swe",
    "sw": "swa", "ta": "tam", "te": "tel", "tg": "tgk", "th": "tha", "tl": "tgl", "tr": "tur",
    "ug": "uig", "uk": "ukr", "ur": "urd", "uz": "uzb", "vi": "vie", "zh": "chi_sim",
    "zh-cn": "chi_sim", "zh-tw": "chi_tra", "ch": "chi_sim",
}  # fmt: skip
"""Tesseract's name of each language of the contract that it can read."""


def data_folder() -> Path | None:
    """Return the first folder that holds language data, `TESSDATA_PREFIX` before all others."""
    named = os.environ.get("TESSDATA_PREFIX")
    candidates = [Path(named), Path(named) / "tessdata"] if named else []
    candidates += sorted(Path(DEBIAN_FOLDER).glob("*/tessdata"), reverse=True)
    candidates += [Path(folder) for folder in FOLDERS]
    return next((folder for folder in candidates if any(folder.glob("*.traineddata"))), None)


def installed_languages() -> tuple[str, ...]:
    """Return Tesseract's names of the languages that can be read here, sorted."""
    folder = data_folder()
    return tuple(sorted(file.stem for file in folder.glob("*.traineddata"))) if folder else ()


def language_argument(languages: Sequence[str]) -> str:
    """Return Tesseract's argument for the contract's languages, as in `eng+deu`.

    Raises:
        DocumentError: Unsupported, naming the package to install.
    """
    installed = installed_languages()
    codes = []
    for language in languages or ("en",):
        code = TESSERACT_CODES.get(language.lower(), language.lower())
        if code not in installed:
            raise DocumentError(FailureKind.UNSUPPORTED, _missing(code, language))
        if code not in codes:
            codes.append(code)
    return "+".join(codes)


def can_read(languages: Sequence[str]) -> bool:
    """Whether the data of every one of these languages is installed."""
    installed = installed_languages()
    codes = [TESSERACT_CODES.get(name.lower(), name.lower()) for name in languages or ("en",)]
    return all(code in installed for code in codes)


def _missing(code: str, language: str) -> str:
    if code == language.lower() and code not in TESSERACT_CODES.values():
        return f"OCR language not known: {language[:40]}"
    package = f"tesseract-ocr-{code.replace('_', '-')}"
    return f"OCR data not found: install the Debian package {package} (or set TESSDATA_PREFIX)"
