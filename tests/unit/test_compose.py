"""The files of containers: valid, pinned, without secrets, and of the packages that are tested."""

import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import make_env
from sheaf.config import Settings

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
SECRETS = {"POSTGRES_PASSWORD", "S3_ACCESS_KEY", "S3_SECRET_KEY", "SHEAF_SIGNING_KEY"}
PREVIOUS = "SHEAF_PREVIOUS_SIGNING_KEYS"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]


def test_the_compose_file_is_one_by_the_schema_of_compose() -> None:
    command = [sys.executable, "-m", "check_jsonschema"]
    command += ["--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_images_are_pinned_by_a_whole_version() -> None:
    images = {service["image"] for service in SERVICES.values()} - {"sheaf:local"}
    base = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for image in [*images, *base]:
        assert re.search(r":v?\d+\.\d+(\.\d+)?(-[a-z-]+)?$", image), image
    versions = {image.partition(":")[2] for image in images if "temporalio/" in image}
    assert {"1.32.0"} < versions  # the server's, and that of the tools which make its schema


def test_every_secret_comes_from_the_environment_and_must_be_there() -> None:
    text = COMPOSE.read_text()
    assert set(re.findall(r"\$\{([A-Z0-9_]+):\?run make env\}", text)) == SECRETS
    assert set(re.findall(r"\$\{([A-Z0-9_]+)", text)) == SECRETS | {"DOCUMENTS", PREVIOUS}
    assert f"${{{PREVIOUS}:-[]}}" in text
    for line in text.splitlines():
        if re.search(r"(PASSWORD|SECRET|_KEYS?|PWD):", line):
            assert "${" in line, line


def test_what_runs_on_is_watched_and_starts_after_what_it_needs() -> None:
    for name, service in SERVICES.items():
        if service.get("restart") == "unless-stopped" and name not in {"temporal-ui", "api"}:
            assert "test" in service["healthcheck"], name
    for service in SERVICES.values():
        for needed, how in service.get("depends_on", {}).items():
            other = SERVICES[needed]
            if how["condition"] == "service_healthy":
                assert "test" in other["healthcheck"], needed
            else:
                assert "restart" not in other, needed


def test_what_ends_is_waited_for_by_another_which_up_wait_needs() -> None:
    """`docker compose up --wait` takes any other container that ends for one that failed."""
    ends = {
        name
        for name, service in SERVICES.items()
        if service.get("restart", "no") == "no" and "profiles" not in service
    }
    waited_for = {
        needed
        for service in SERVICES.values()
        for needed, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }
    assert ends == waited_for == {"temporal-schema", "temporal-namespace", "s3-bucket"}


def test_postgres_is_ready_once_it_answers_others() -> None:
    assert "--host 127.0.0.1" in " ".join(SERVICES["postgres"]["healthcheck"]["test"])


def test_mounted_files_are_there() -> None:
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", ())]
    paths = [mount.partition(":")[0] for mount in mounts if mount.startswith("./")]
    assert paths
    assert all((ROOT / path).exists() for path in paths)


def pins(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ ;\\]+)", lock.read_text(), re.MULTILINE))


def test_the_image_has_the_versions_that_are_tested_and_no_tools_of_tests() -> None:
    tested, shipped = pins(ROOT / "requirements.lock"), pins(ROOT / "deploy" / "requirements.lock")
    assert shipped.items() <= tested.items()
    assert not shipped.keys() & {"pytest", "moto", "mypy", "llama-cloud", "hypothesis"}


def test_env_is_made_once_and_only_its_owner_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    monkeypatch.setattr(make_env, "FILE", file)
    assert make_env.main() == 0
    written = dict(line.split("=") for line in file.read_text().splitlines())
    assert written.keys() == SECRETS
    assert min(map(len, written.values())) >= 32
    assert len(set(written.values())) == len(SECRETS)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_text()
    make_env.main()
    assert file.read_text() == content


def test_processes_that_need_the_signing_key_get_those_of_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_key = [
        one for one in SERVICES.values() if "SHEAF_SIGNING_KEY" in one.get("environment", {})
    ]
    assert len(with_key) >= 2
    assert all(PREVIOUS in one["environment"] for one in with_key)


def test_a_renewed_signing_key_leaves_the_old_ones_to_open_what_they_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / ".env"
    monkeypatch.setattr(make_env, "FILE", file)
    assert make_env.main([make_env.RENEW]) == 1
    assert "make env" in capsys.readouterr().err
    make_env.main()
    first = dict(line.split("=") for line in file.read_text().splitlines())
    file.write_text("# mine\nDOCUMENTS=/srv\n" + file.read_text())
    keys = [first.pop("SHEAF_SIGNING_KEY")]
    for _ in range(2):
        assert make_env.main([make_env.RENEW]) == 0
        text = file.read_text()
        written = dict(line.split("=") for line in text.splitlines() if "=" in line)
        assert text.startswith("# mine\nDOCUMENTS=/srv\n")
        assert {name: written[name] for name in first} == first
        for name in ("SHEAF_SIGNING_KEY", PREVIOUS):
            monkeypatch.setenv(name, written[name])
        got = Settings()
        assert [one.get_secret_value() for one in got.previous_signing_keys] == keys
        assert got.signing_key
        keys.insert(0, got.signing_key.get_secret_value())
    assert len(set(keys)) == 3
    assert [one.name for one in tmp_path.iterdir()] == [".env"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
