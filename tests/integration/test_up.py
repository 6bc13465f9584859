"""The embedded profile as a user starts it: `sheaf up`, in a home that has never been used."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from sheaf.embedded.home import Home
from sheaf.embedded.supervisor import Supervisor
from sheaf.embedded.temporal_server import free_port

ROOT = Path(__file__).parents[2]
ANNOUNCE_SECONDS = 15
JOBS = "/api/v1/beta/batch-processing"


@dataclass(frozen=True)
class Up:
    """A running `sheaf up` and what it said."""

    process: subprocess.Popen[bytes]
    home: Home
    output: Path
    api: str
    key: str

    def get(self, path: str, key: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.get(self.api + path, headers=headers, trust_env=False, timeout=10)

    def lives(self) -> bool:
        try:
            return self.get("/livez").is_success
        except httpx.TransportError:
            return False


def environment(root: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
    # Narrow, and with colour: neither may break the lines that programs read.
    return kept | {"SHEAF_HOME": str(root), "COLUMNS": "40", "FORCE_COLOR": "1"}


def sheaf(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "starter", *arguments],
        cwd=ROOT,
        env=environment(root) | {"FORCE_COLOR": "", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def until(is_so: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.05)


def line(output: Path, pattern: str) -> str | None:
    found = re.search(rf"^{pattern}$", output.read_text(), flags=re.MULTILINE)
    return found[1] if found else None


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    home, output = Home(tmp_path / "home"), tmp_path / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "starter", "up"],
            cwd=ROOT,
            env=environment(home.root),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        address, key = r"API (http://127\.0\.0\.1:\d+)", r"API key (sk-sheaf-\S+)"
        until(lambda: bool(line(output, key)), ANNOUNCE_SECONDS, output.read_text())
        yield Up(process, home, output, line(output, address) or "", line(output, key) or "")
    finally:
        process.terminate()
        process.wait(60)
        with home.lock() as is_free:
            assert is_free
            home.kill_leftovers()


def test_up_serves_the_api_within_seconds_to_whoever_has_its_key(up: Up) -> None:
    assert up.get("/livez").text == "ok"
    assert up.get("/readyz").json() == {"database": "ok", "temporal": "ok"}
    assert up.get(JOBS, up.key).status_code == 200
    assert up.get(JOBS).status_code == 401
    assert up.get(JOBS, up.key + "x").status_code == 401
    doctor = json.loads(sheaf(up.home.root, "doctor", "--json").stdout)
    assert {"API": True, "Temporal": True}.items() <= {
        check["name"]: check["is_good"] for check in doctor
    }.items()


def test_an_api_that_is_killed_comes_back_at_its_address_and_stops_with_up(up: Up) -> None:
    first = up.home.recorded()
    assert first is not None
    assert first.api_address == up.api
    os.kill(first.children["api"], signal.SIGKILL)
    until(lambda: not up.lives(), 5, "the API to be gone")
    until(up.lives, 15, "the API to be back")
    assert up.get(JOBS, up.key).status_code == 200
    second = up.home.recorded()
    assert second is not None
    assert second.children["api"] != first.children["api"]
    assert second.children["worker"] == first.children["worker"]

    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(60) == 0
    assert not any(map(psutil.pid_exists, second.children.values()))
    assert up.home.running() is None
    assert not up.lives()


def test_a_revoked_key_of_the_home_is_replaced_at_the_next_start(up: Up) -> None:
    (local,) = json.loads(sheaf(up.home.root, "keys", "list", "--json").stdout)
    assert (local["name"], local["hint"]) == ("local", up.key[:14])
    assert sheaf(up.home.root, "keys", "revoke", local["id"]).returncode == 0
    assert up.get(JOBS, up.key).status_code == 401
    assert sheaf(up.home.root, "down").returncode == 0

    quiet = sheaf(up.home.root, "up", "--detach", "--quiet")
    again = sheaf(up.home.root, "up", "--detach")
    try:
        assert (quiet.returncode, quiet.stdout) == (0, "")
        # It runs, and its addresses are told all the same.
        assert again.returncode == 1
        assert "it runs already" in again.stderr
        assert f"\nAPI {up.api}\n" in again.stdout
        found = re.search(r"^API key (\S+)$", again.stdout, flags=re.MULTILINE)
        assert found
        assert found[1] != up.key
        assert up.get(JOBS, found[1]).status_code == 200
        assert found[1] not in (up.home.logs / "up.log").read_text()
    finally:
        assert sheaf(up.home.root, "down").returncode == 0


def test_others_are_not_served_without_a_key(tmp_path: Path) -> None:
    variables = environment(tmp_path / "other") | {
        "TEMPORAL_ADDRESS": "127.0.0.1:1",
        "COLUMNS": "200",
    }
    refused = subprocess.run(
        [sys.executable, "-m", "starter", "serve", "--host", "0.0.0.0", "--port", "0"],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 2
    assert "sheaf keys create" in refused.stderr


def test_serve_on_a_terminal_says_nothing_but_its_address(tmp_path: Path) -> None:
    master, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "starter", "serve", "--port", "0"],
        cwd=ROOT,
        env=environment(tmp_path / "home") | {"TEMPORAL_ADDRESS": "127.0.0.1:1", "FORCE_COLOR": ""},
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    with os.fdopen(master, errors="replace") as screen:
        try:
            first = screen.readline()
        finally:
            process.terminate()
            process.wait(30)
    assert re.fullmatch(r"API http://127\.0\.0\.1:\d+\s*", first), first


def test_doctor_tells_the_address_that_does_not_answer(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "starter", "doctor", "--json"]
    variables = environment(tmp_path / "other") | {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
    done = subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=60, check=False
    )
    (temporal,) = [one for one in json.loads(done.stdout) if one["name"] == "Temporal"]
    assert temporal["found"].startswith("127.0.0.1:1: ")
    assert "TEMPORAL_ADDRESS" in temporal["advice"]


def test_a_port_that_up_has_taken_is_told_with_the_option_for_another(up: Up) -> None:
    port = up.api.rpartition(":")[2]
    refused = sheaf(up.home.root, "serve", "--host", "0.0.0.0", "--port", port)
    assert refused.returncode == 2
    assert "choose another port with --port" in refused.stderr


def test_what_is_refused_starts_nothing(tmp_path: Path) -> None:
    home, place = tmp_path / "home", "output_s3_path_prefix=s3://bucket/out/"
    refused = sheaf(home, "run", str(ROOT / "examples"), "--set", place)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("sheaf: output_s3_path_prefix: s3://bucket/out/ is not open")
    assert not (home / "logs" / "up.log").exists()


def test_a_second_run_says_why_files_were_skipped(up: Up, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("words")
    first = sheaf(up.home.root, "run", str(tmp_path / "in"))
    second = sheaf(up.home.root, "run", str(tmp_path / "in"))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "Skipped" not in first.stdout
    assert "\nSkipped: unchanged since an earlier batch" in second.stdout


def test_the_client_of_the_readme_gets_a_result_each_time(up: Up) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code.replace("http://127.0.0.1:8484", up.api)],
            cwd=ROOT,
            env=environment(up.home.root) | {"KEY": up.key},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "# Supply Agreement" in done.stdout


async def test_the_api_moves_on_when_its_port_is_taken_while_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    home = Home(tmp_path / "home")
    home.prepare()
    supervisor = Supervisor(home, None, 5, free_port(18_484, offsets=(0,)), 30)
    wanted = supervisor.api_port
    with socket.create_server(("127.0.0.1", wanted)):
        try:
            await supervisor.start()
            assert supervisor.api_port > wanted
            running = home.recorded()
            assert running is not None
            assert httpx.get(f"{running.api_address}/livez", trust_env=False).is_success
        finally:
            await supervisor.stop()
