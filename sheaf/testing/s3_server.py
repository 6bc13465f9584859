"""A server that speaks the protocol of S3, and a proxy before it that fails as real ones do."""

import http.client
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3  # type: ignore[import-untyped]
from moto.server import ThreadedMotoServer

SECRET = "s3cr3t-key-of-access"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_REGION": "us-east-1",
}
SLOW_DOWN = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>slow</Message></Error>"


@dataclass
class S3Server:
    """A running server with a bucket `bucket`."""

    port: int
    client: Any
    """Of boto3, which goes past the proxy."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, endpoint: str | None = None) -> dict[str, str]:
        """Return what a process needs to reach the server."""
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": endpoint or self.endpoint}

    def fill(self, prefix: str, contents: dict[str, bytes]) -> None:
        for key, content in contents.items():
            self.client.put_object(Bucket="bucket", Key=f"{prefix}{key}", Body=content)

    def keys(self, prefix: str) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket="bucket", Prefix=prefix
        )
        return [one["Key"] for page in pages for one in page.get("Contents", ())]

    def read(self, key: str) -> bytes:
        content: bytes = self.client.get_object(Bucket="bucket", Key=key)["Body"].read()
        return content


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Run a server in this process."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=SECRET,
        )
        client.create_bucket(Bucket="bucket")
        yield S3Server(port, client)
        client.close()
    finally:
        server.stop()


@dataclass
class Faults:
    """How often each fault is to happen, and how often it did."""

    slow_down: float = 0.0
    truncate: float = 0.0
    lost_answer: float = 0.0
    """The request is carried out, and its sender never hears of it."""
    seed: int = 0
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._lock = threading.Lock()

    def next(self) -> str:
        with self._lock:
            throw = self._random.random()
            for name in ("slow_down", "truncate", "lost_answer"):
                share = float(getattr(self, name))
                if throw < share:
                    self.done[name] += 1
                    return name
                throw -= share
            self.done["passed"] += 1
            return "passed"


@contextmanager
def faulty_proxy(port: int, faults: Faults) -> Iterator[str]:
    """Run a proxy before the server at a port; give its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = faults.next()
            if fault == "slow_down":
                self._answer(503, SLOW_DOWN, {})
                return
            server = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            server.request(self.command, self.path, body, dict(self.headers.items()))
            answer = server.getresponse()
            content = answer.read()
            server.close()
            if fault == "lost_answer":
                self.close_connection = True
                return
            headers = {k: v for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP}
            if self.command == "HEAD":
                headers["Content-Length"] = answer.getheader("Content-Length") or "0"
            self._answer(answer.status, content, headers, is_cut=fault == "truncate")

        def _answer(
            self, status: int, body: bytes, headers: dict[str, str], *, is_cut: bool = False
        ) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body[: len(body) // 2] if is_cut else body)
            self.close_connection = self.close_connection or is_cut

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "date", "server", "content-length"})
