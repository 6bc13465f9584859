"""A fault of the machine is told as one, whatever reader or engine met it and whatever it said."""

import errno
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from sheaf.contracts.documents import EngineRequest, EngineResult, ParseOptions
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines import dispatch
from sheaf.engines.system_faults import failure_of, fault_of_machine
from tests.unit.engines import samples

FILES: dict[str, Callable[[], bytes]] = {
    "note.txt": lambda: b"words",
    "mail.eml": lambda: samples.mail("words"),
    "word.docx": lambda: samples.docx("words"),
    "slides.pptx": lambda: samples.zipped({"[Content_Types].xml": "presentationml.slideshow.main"}),
    "page.pdf": lambda: samples.pdf("words"),
    "page-of-another-name": lambda: samples.pdf("words"),
    "picture.png": lambda: samples.png(20, 20),
}


def answer_to(request: EngineRequest) -> EngineResult:
    """Answer as the process does."""
    try:
        return dispatch.handle(request)
    except Exception as error:
        failure = failure_of(error, request.path)
        raise failure from error


def kind_of(request: EngineRequest) -> tuple[FailureKind | None, str]:
    try:
        result = answer_to(request)
    except DocumentError as error:
        return error.kind, error.message
    return (result.failure.kind, result.failure.message) if result.failure else (None, "")


@contextmanager
def without_descriptors() -> Iterator[None]:
    """Leave this process no file to open."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = [os.dup(2)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (taken[0] + 1, limits[1]))
    with suppress(OSError):
        while True:
            taken.append(os.dup(2))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for descriptor in taken:
            os.close(descriptor)


@pytest.mark.parametrize("name", FILES)
def test_no_file_is_blamed_where_the_process_has_too_many_open(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name]())
    request = EngineRequest(path=str(path), name=name, options=ParseOptions(ocr=False))
    before = kind_of(request)  # loads its engine
    with without_descriptors():
        kind, message = kind_of(request)
    assert kind is FailureKind.UNAVAILABLE, message
    assert kind_of(request) == before


@pytest.mark.parametrize(
    "asked", [{"remove_hidden_text": True}, {"failed_page": "raw_text"}, {"strict_images": True}]
)
def test_no_option_hides_a_machine_that_cannot_open_a_file(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    path = tmp_path / "page.pdf"
    path.write_bytes(samples.pdf("words"))
    options = ParseOptions.model_validate({"ocr": False, **asked})
    request = EngineRequest(path=str(path), name=path.name, options=options)
    assert kind_of(request)[0] is None
    with without_descriptors():
        assert kind_of(request)[0] is FailureKind.UNAVAILABLE


def test_a_full_disk_fails_no_document_whose_pictures_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path, __: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "page.pdf"
    path.write_bytes(samples.pdf("words"))
    options = ParseOptions(ocr=False, images=("screenshot",))
    request = EngineRequest(
        path=str(path), name=path.name, options=options, image_folder=str(tmp_path)
    )
    monkeypatch.setattr(Path, "write_bytes", full)
    assert kind_of(request)[0] is FailureKind.UNAVAILABLE


@pytest.mark.parametrize(
    "code", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ESTALE]
)
def test_a_fault_of_the_machine_is_found_behind_whoever_blames_the_document(code: int) -> None:
    fault_of_system = OSError(code, os.strerror(code))
    odd = ValueError("odd sector")
    odd.__context__ = fault_of_system
    corrupt = DocumentError(FailureKind.CORRUPT, "broken container")
    corrupt.__cause__ = odd
    fault = fault_of_machine(corrupt)
    assert fault is not None
    assert fault.kind is FailureKind.UNAVAILABLE
    assert os.strerror(code) in fault.message


@pytest.mark.parametrize("words", ["zlib: invalid distance", "seek failed (os error 22)", ""])
def test_what_the_document_did_stays_its_own(words: str) -> None:
    assert fault_of_machine(RuntimeError(words)) is None
    assert fault_of_machine(DocumentError(FailureKind.CORRUPT, words)) is None
    assert fault_of_machine(OSError(errno.EINVAL, "Invalid argument")) is None
    assert fault_of_machine(ModuleNotFoundError("No module named 'engine'")) is None


def test_an_error_of_our_own_code_says_its_type_and_is_no_corrupt_document() -> None:
    failure = failure_of(KeyError("pages"), "/a")
    assert failure.kind is FailureKind.CRASHED
    assert failure.message == "the parser failed on this file: KeyError: 'pages'"


def test_a_loop_of_causes_ends() -> None:
    error = ValueError("a")
    error.__cause__ = other = ValueError("b")
    other.__cause__ = error
    assert fault_of_machine(error) is None
