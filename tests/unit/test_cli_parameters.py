"""What `sheaf` refuses before it starts anything: parameters, places, and settings."""

from pathlib import Path
from typing import Any

import pytest

from cli.doctor import _passwords
from cli.output import Fault
from cli.parameters import job_config, job_request
from cli.session import check_passwords, load_settings
from config import Settings

DIRECTORY = "dir-" + "0" * 32
OPEN = Settings(s3_outputs={"*": ("s3://bucket/out/",)})


def request(*pairs: str, settings: Settings = OPEN) -> Any:
    body = {"job_config": job_config(None, list(pairs)), "directory_id": DIRECTORY}
    return job_request(body, settings)


def test_values_are_yaml_which_json_is_too() -> None:
    made = request("languages=[de, fr]", 'resource_info={"password_ref":"invoices"}', "max_pages=3")
    parameters = made.job_config.parameters
    assert [str(code) for code in parameters.languages] == ["de", "fr"]
    assert (parameters.resource_info, parameters.max_pages) == ({"password_ref": "invoices"}, 3)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (("page_seperator=x",), "--set page_seperator: .*; did you mean page_separator\\?"),
        (("output_bucket=x",), "did you mean outputBucket"),
        (("nosuch=5",), "--set nosuch: there is no such parameter; docs/compatibility.md"),
        (("languages=[de",), "--set languages: the value is no YAML"),
        (("max_pages",), "write key=value"),
        (("output_s3_path_prefix=s3://bucket/outside/",), "^output_s3_path_prefix: .*not open"),
        (("outputBucket=bucket",), "^outputBucket: s3://bucket/ is not open"),
        (("output_s3_path_prefix=s3://b/x",), "^output_s3_path_prefix: .*3 to 63 characters"),
        (("target_pages=x",), "target_pages"),
    ],
)
def test_what_cannot_be_honoured_is_a_fault_of_usage(pairs: tuple[str, ...], message: str) -> None:
    with pytest.raises(Fault, match=message) as raised:
        request(*pairs)
    assert raised.value.code == 2


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SHEAF_S3_OUTPUTS", '{"*": ["bucket/out"]}', "SHEAF_S3_OUTPUTS: not a place in S3"),
        ("SHEAF_S3_SOURCES", "s3://bucket/in/", "s3_sources.*write it as JSON"),
        ("SHEAF_STORAGE_URL", "s3://b/", "SHEAF_STORAGE_URL: .*3 to 63 characters"),
        ("SHEAF_API_PORT", "many", "SHEAF_API_PORT: "),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Fault, match=message):
        load_settings()


@pytest.mark.parametrize(("text", "mode"), [('{"a": ["s3cr3t"]}', 0o644), ("s3cr3t", 0o600)])
def test_a_file_of_passwords_that_no_worker_takes_is_told_before_one_starts(
    tmp_path: Path, text: str, mode: int
) -> None:
    file = tmp_path / "passwords.json"
    file.write_text(text)
    file.chmod(mode)
    settings = Settings(passwords_file=file)
    with pytest.raises(Fault, match="SHEAF_PASSWORDS_FILE") as raised:
        check_passwords(settings)
    assert "s3cr3t" not in str(raised.value)
    check = _passwords(settings)
    assert (check.is_good, str(file) in check.advice) == (False, True)


def test_a_good_file_of_passwords_and_none_are_fine(tmp_path: Path) -> None:
    file = tmp_path / "passwords.json"
    file.write_text('{"a": []}')
    file.chmod(0o640)
    for settings in (Settings(passwords_file=file), Settings(passwords_file=None)):
        check_passwords(settings)
        assert _passwords(settings).is_good
