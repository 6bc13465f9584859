"""Passwords of documents: named by jobs, kept by the operator, seen by the parser alone."""

import json
import os
from pathlib import Path

import pytest

from sheaf.contracts.documents import EngineRequest, EngineResult
from sheaf.contracts.failures import FailureKind
from sheaf.contracts.http.parse_parameters import BatchParseJobConfig
from sheaf.parser_pool.pool import ParserPool
from sheaf.processing.passwords import Passwords, PasswordsError
from sheaf.rules.parameters.parse_options import password_ref
from tests.unit.rules.test_parameters import hash_of, parse

LOCKED = Path(__file__).parents[3] / "examples" / "documents" / "odd" / "settlement-password.pdf"
PASSWORD = "secret"


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "passwords.json"
    file.write_text(text)
    file.chmod(mode)
    return file


def test_passwords_are_read_again_when_they_change(tmp_path: Path) -> None:
    file = written(tmp_path, '{"a": ["one", "two"]}')
    passwords = Passwords(file)
    assert (passwords.named("a"), passwords.named("b"), passwords.named(None)) == (
        ("one", "two"),
        (),
        (),
    )
    file.write_text('{"a": ["three"], "b": []}')
    os.utime(file, ns=(1, 1))
    assert passwords.named("a") == ("three",)
    file.write_text("broken")
    assert passwords.named("a") == ("three",)


@pytest.mark.parametrize("text", ["broken s3cr3t", '["s3cr3t"]', '{"a": "s3cr3t"}', '{"a": [7]}'])
def test_a_file_of_another_form_is_refused_without_its_content(tmp_path: Path, text: str) -> None:
    with pytest.raises(PasswordsError, match="SHEAF_PASSWORDS_FILE") as raised:
        Passwords(written(tmp_path, text))
    assert "s3cr3t" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o620])
def test_a_file_that_others_may_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(PasswordsError, match="chmod 600"):
        Passwords(written(tmp_path, "{}", mode))


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PasswordsError, match="No such file"):
        Passwords(tmp_path / "none")


def test_a_job_names_passwords_and_is_another_job_for_it() -> None:
    asked = {"resource_info": {"password_ref": "invoices"}}
    assert password_ref(BatchParseJobConfig.model_validate(asked)) == "invoices"
    assert password_ref(BatchParseJobConfig(resource_info={"kind": "x"})) is None
    assert hash_of(parse(**asked)) != hash_of(parse())


@pytest.mark.parametrize("name", ["", "two words", 7, ["a"], "x" * 101])
def test_what_is_no_name_is_refused(name: object) -> None:
    config = BatchParseJobConfig.model_validate({"resource_info": {"password_ref": name}})
    with pytest.raises(ValueError, match=r"resource_info\.password_ref"):
        password_ref(config)


async def read(passwords: tuple[str, ...], name: str | None = "safe") -> EngineResult:
    request = EngineRequest.model_validate(
        {
            "path": str(LOCKED),
            "name": "a.pdf",
            "options": {"password_ref": name},
            "passwords": passwords,
        }
    )
    assert PASSWORD not in repr(request)
    async with ParserPool(1) as pool:
        return await pool.run("prj-1", request, 60)


async def test_the_first_password_that_opens_it_does() -> None:
    found = await read(("wrong", PASSWORD, "other"))
    assert found.document is not None, found.failure
    assert "settlement" in found.document.pages[0].text.lower()
    assert PASSWORD not in json.dumps(found.document.metadata)


@pytest.mark.parametrize(
    ("passwords", "name", "message"),
    [
        ((), None, "the PDF is encrypted and needs a password"),
        ((), "safe", "the PDF is encrypted, and the operator keeps no passwords as safe"),
        (("wrong",), "safe", "the PDF is encrypted, and none of the passwords of safe opens it"),
    ],
)
async def test_a_failure_says_what_was_tried_and_no_password(
    passwords: tuple[str, ...], name: str | None, message: str
) -> None:
    failure = (await read(passwords, name)).failure
    assert failure is not None
    assert (failure.kind, failure.message) == (FailureKind.PASSWORD_REQUIRED, message)
