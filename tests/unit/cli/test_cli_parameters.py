"""What `sheaf` refuses before it starts anything: parameters, places, and settings."""

import ast
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sheaf.cli.doctor import _passwords
from sheaf.cli.faults import Fault
from sheaf.cli.parameters import job_config, job_request
from sheaf.cli.session import check_passwords, load_settings
from sheaf.config import Settings
from starter import app

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


@pytest.mark.parametrize("number", [".nan", ".inf", "-.inf", "1.0e+999"])
def test_a_number_that_is_not_finite_is_refused_where_it_stands(
    number: str, tmp_path: Path
) -> None:
    with pytest.raises(Fault, match=r"^--set bbox_top: a number is not finite"):
        job_config(None, [f"bbox_top={number}"])
    with pytest.raises(Fault, match=r"^--set resource_info: a\.1: a number is not finite"):
        job_config(None, [f"resource_info={{a: [1, {number}]}}"])
    rules = tmp_path / "rules.yaml"
    rules.write_text(f"rules: [{{type: a, description: b, weight: {number}}}]")
    with pytest.raises(Fault, match=r"^--classify: .*yaml: rules\.0\.weight: a number is not"):
        job_config(rules, [])


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999"])
def test_an_option_takes_no_number_that_is_not_finite(number: str) -> None:
    answer = CliRunner().invoke(app, ["webhooks", "test", "whc-1", "--wait", number])
    assert answer.exit_code == 2
    assert "--wait" in answer.output


def test_every_option_that_is_a_fraction_refuses_them() -> None:
    modules = (Path(__file__).parents[3] / "sheaf" / "cli").glob("*.py")
    options = [
        ast.unparse(node)
        for path in modules
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Subscript) and ast.unparse(node).startswith("Annotated[float")
    ]
    assert options
    assert all("callback=finite" in option for option in options)


SECONDS = sorted(name for name, one in Settings.model_fields.items() if one.annotation is float)


@pytest.mark.parametrize("name", SECONDS)
@pytest.mark.parametrize("number", ["nan", "inf", "Infinity", "1e999"])
def test_no_setting_takes_a_number_that_is_not_finite(
    name: str, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"SHEAF_{name.upper()}", number)
    with pytest.raises(Fault, match=f"SHEAF_{name.upper()}: Input should be a finite number"):
        load_settings()


def test_nor_does_a_list_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHEAF_WEBHOOK_RETRY_SECONDS", "[1, 1e999]")
    with pytest.raises(Fault, match=r"SHEAF_WEBHOOK_RETRY_SECONDS.*finite number"):
        load_settings()
