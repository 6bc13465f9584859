"""Clients that send or read a byte now and then, against a real API process."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from sheaf.embedded.temporal_server import free_port
from sheaf.testing.api_process import ApiProcess
from tests.integration.test_up import until

PATIENCE = 2.0
END_SECONDS = 4 * PATIENCE
PAUSE = 0.1


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ApiProcess]:
    made = ApiProcess(tmp_path / "home", free_port(29_000), SHEAF_API_CLIENT_SECONDS=str(PATIENCE))
    made.start()
    yield made
    made.stop()
    log = (made.home.logs / "api.log").read_text()
    assert "Traceback" not in log
    assert '"status": 500' not in log


@contextlib.contextmanager
def connected(api: ApiProcess) -> Iterator[socket.socket]:
    with socket.socket() as made:
        # What is not read stays with the server.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        made.connect(("127.0.0.1", api.port))
        made.settimeout(END_SECONDS)
        yield made


def drip(to: socket.socket, data: bytes) -> bytes:
    """Send bytes one by one until the server ends it; return what it has answered."""
    began, answer = time.monotonic(), b""
    with contextlib.suppress(OSError):
        to.settimeout(PAUSE)
        for byte in data:
            assert time.monotonic() - began < END_SECONDS, "the connection was held"
            to.sendall(bytes([byte]))
            with contextlib.suppress(TimeoutError):
                received = to.recv(65_536)
                answer += received
                if not received:
                    break
    return answer


def head(api: ApiProcess, method: str, path: str, *headers: str, key: str | None = None) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{api.port}", *headers]
    lines += [f"Authorization: Bearer {key or api.key}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def connections(api: ApiProcess) -> int:
    assert api.process
    found = psutil.Process(api.process.pid).net_connections("tcp")
    return sum(one.status == "ESTABLISHED" and one.laddr.port == api.port for one in found)


def test_a_head_byte_by_byte_is_ended(api: ApiProcess) -> None:
    with connected(api) as made:
        endless = b"GET /livez HTTP/1.1\r\n" + b"X-Slow: 1\r\n" * 1000
        assert drip(made, endless).startswith(b"HTTP/1.1 408 ")


def test_a_second_head_byte_by_byte_is_ended_too(api: ApiProcess) -> None:
    with connected(api) as made:
        made.sendall(head(api, "GET", "/livez"))
        first = b""
        while not first.endswith(b"\r\n\r\nok"):  # its head and its body may come apart
            first += made.recv(65_536)
        assert first.startswith(b"HTTP/1.1 200 ")
        assert drip(made, b"GET /livez HTTP/1.1\r\n" + b"X: 1\r\n" * 1000).startswith(
            b"HTTP/1.1 408 "
        )


def test_a_connection_that_sends_nothing_is_ended(api: ApiProcess) -> None:
    with connected(api) as made:
        answer = b"".join(iter(lambda: made.recv(65_536), b""))
        assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("length", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_a_body_byte_by_byte_is_ended(api: ApiProcess, length: str) -> None:
    path = "/api/v1/beta/directories"
    body = b"1\r\n \r\n" * 10_000 if "chunked" in length else b" " * 10_000
    with connected(api) as made:
        made.sendall(head(api, "POST", path, "Content-Type: application/json", length))
        assert drip(made, body).startswith(b"HTTP/1.1 408 ")
    with connected(api) as made:
        # Refused with its body unread, which goes on to arrive.
        made.sendall(head(api, "POST", path, length, key="sk-sheaf-none"))
        assert drip(made, body).startswith(b"HTTP/1.1 401 ")


def test_a_file_byte_by_byte_is_ended_and_kept_nowhere(api: ApiProcess) -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    headers = ("Content-Type: multipart/form-data; boundary=x", "Content-Length: 100000")
    with connected(api) as made:
        made.sendall(head(api, "POST", "/api/v1/beta/files", *headers) + form)
        assert drip(made, b"a" * 10_000).startswith(b"HTTP/1.1 408 ")
    listed = httpx.post(f"{api.url}/api/v1/beta/files/query", headers=api.headers, json={})
    assert listed.json()["items"] == []


def test_an_answer_that_is_not_taken_in_is_ended(api: ApiProcess) -> None:
    content = b"a" * 16_000_000
    sent = httpx.post(
        f"{api.url}/api/v1/beta/files",
        headers=api.headers,
        files={"file": ("a.txt", content)},
        data={"purpose": "parse"},
        timeout=60,
    )
    link = httpx.get(
        f"{api.url}/api/v1/beta/files/{sent.json()['id']}/content", headers=api.headers
    ).json()["url"]
    path = httpx.URL(link).raw_path.decode()
    with connected(api) as made:
        made.sendall(head(api, "GET", path))
        until(lambda: connections(api) == 1, END_SECONDS, "the connection")
        until(lambda: connections(api) == 0, END_SECONDS, "its end")
    assert httpx.get(link, timeout=60).content == content


def test_who_is_slow_and_goes_on_is_served(api: ApiProcess) -> None:
    """For longer than the seconds that everybody has."""
    body = json.dumps({"name": "slow" + " " * 90, "description": "x" * 1900}).encode()
    headers = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    with connected(api) as made:
        made.sendall(head(api, "POST", "/api/v1/beta/directories", *headers))
        began = time.monotonic()
        for start in range(0, len(body), 60):
            made.sendall(body[start : start + 60])
            time.sleep(PAUSE)
        assert time.monotonic() - began > 1.2 * PATIENCE
        assert made.recv(65_536).startswith(b"HTTP/1.1 2")


def test_many_slow_ones_keep_nobody_waiting(api: ApiProcess) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            one = stack.enter_context(connected(api))
            one.sendall(b"GET /livez HTTP/1.1\r\nX")
        threads = [threading.Thread(target=httpx.get, args=(f"{api.url}/livez",)) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(END_SECONDS)
        assert not any(thread.is_alive() for thread in threads)
        until(lambda: connections(api) == 0, END_SECONDS, "the ends of all")
