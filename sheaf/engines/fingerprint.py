"""What tells two sets of engines apart."""

from importlib.metadata import PackageNotFoundError, version

from sheaf.engines import ocr

ENGINE_PACKAGES = ("liteparse", "xberg", "chardet", "olefile", "xlrd", "wordllama")
REVISION = 15
"""Raised when the same engine's versions would give another result through changes of ours."""


def fingerprint() -> str:
    """Return a string that changes whenever the same file might give another result.

    Loads no native library: versions come from package metadata, languages from file names.
    """
    parts = [f"sheaf-engines/{REVISION}"]
    for package in ENGINE_PACKAGES:
        try:
            parts.append(f"{package}/{version(package)}")
        except PackageNotFoundError:
            parts.append(f"{package}/none")
    parts.append("tessdata/" + ("+".join(ocr.installed_languages()) or "none"))
    return " ".join(parts)
