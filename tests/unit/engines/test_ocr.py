"""Where language data is looked for, and what is said when there is none."""

from pathlib import Path

import pytest

from sheaf.contracts.failures import DocumentError
from sheaf.engines import ocr


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "deu.traineddata").touch()
    (tmp_path / "chi_sim.traineddata").touch()
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    return tmp_path


def test_the_named_folder_comes_before_all_others(german: Path) -> None:
    assert ocr.data_folder() == german
    assert ocr.installed_languages() == ("chi_sim", "deu")


def test_languages_of_the_contract_become_those_of_tesseract(german: Path) -> None:
    assert ocr.language_argument(("de", "ch_sim", "de")) == "deu+chi_sim"


def test_a_missing_language_names_its_debian_package(german: Path) -> None:
    with pytest.raises(DocumentError, match="install the Debian package tesseract-ocr-chi-tra"):
        ocr.language_argument(("de", "ch_tra"))
    assert not ocr.can_read(("en",))


def test_an_unknown_language_names_no_package(german: Path) -> None:
    with pytest.raises(DocumentError, match="OCR language not known: klingon"):
        ocr.language_argument(("klingon",))


def test_without_any_data_english_is_the_package_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TESSDATA_PREFIX", raising=False)
    monkeypatch.setattr(ocr, "FOLDERS", ())
    monkeypatch.setattr(ocr, "DEBIAN_FOLDER", str(tmp_path))
    assert ocr.data_folder() is None
    with pytest.raises(DocumentError) as caught:
        ocr.language_argument(("en",))
    assert caught.value.message == (
        "OCR data not found: install the Debian package tesseract-ocr-eng (or set TESSDATA_PREFIX)"
    )
