"""What tells two sets of engines apart."""

from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version

from sheaf.engines import ocr

ENGINE_PACKAGES = (
    *("chardet", "compressed-rtf", "liteparse", "olefile", "pillow", "pypdf", "pypdfium2"),
    *("selectolax", "wordllama", "xberg", "xlrd"),
)
"""All that reads documents; a test holds them against what the engines import."""

REVISION = 16
"""Raised when the same engine's versions would give another result through changes of ours."""


def parts() -> list[str]:
    """Return what a result depends on beside its file: packages and languages, with versions.

    Loads no native library: versions come from package metadata, languages from file names.
    """
    return [
        *(f"{package}/{_version(package)}" for package in ENGINE_PACKAGES),
        "tessdata/" + ("+".join(ocr.installed_languages()) or "none"),
    ]


def fingerprint() -> str:
    """Return a string that changes whenever the same file might give another result.

    A digest, so that it fits its column of the ledger however many languages are installed.
    """
    return f"sheaf-engines/{REVISION} {sha256(' '.join(parts()).encode()).hexdigest()}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
