"""A new signing key while the API, a worker and its process of deliveries run and go on."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import httpx
import psutil
import pytest
from standardwebhooks import Webhook

from sheaf.testing.webhook_receiver import Receiver
from tests.integration.test_up import Up, sheaf, until, up
from tests.integration.test_webhooks_cli import receiver

__all__ = ["receiver", "up"]

CONFIGS = "/api/v1/beta/webhook-configs"
FILES = "/api/v1/beta/files"
SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0cywgMjQgYnl0ZXM="


@dataclass(frozen=True)
class Rotated:
    """A deployment that is called while its key is renewed."""

    up: Up
    receiver: Receiver

    def call(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.up.key}"}
        url = self.up.api + path
        answer = httpx.request(method, url, headers=headers, trust_env=False, **options)
        assert answer.is_success, (answer.status_code, answer.text)
        return answer.json()

    def save(self) -> str:
        body = {"webhook_url": self.receiver.url(), "webhook_signing_secret": SECRET}
        return str(self.call("POST", CONFIGS, json=body)["id"])

    def told(self, config_id: str) -> None:
        """Have a receiver told of something, and check what it gets."""
        before = len(self.receiver.received)
        self.call("POST", f"{CONFIGS}/{config_id}/test")
        until(lambda: len(self.receiver.received) > before, 20, "an event")
        for one in self.receiver.received[before:]:
            Webhook(SECRET).verify(one.body, one.headers)

    def link(self, file_id: str) -> str:
        return str(self.call("GET", f"{FILES}/{file_id}/content")["url"])

    def signed_by(self, link: str) -> bool:
        """Whether a link is signed by the key that the home has now."""
        url = httpx.URL(link)
        message = f"{url.path} {url.params['expires']} {url.params['key']}".encode()
        key = bytes.fromhex((self.up.home.root / "signing.key").read_text())
        return hmac.new(key, message, hashlib.sha256).hexdigest() == url.params["signature"]

    def rotate(self, *options: str) -> None:
        done = sheaf(self.up.home.root, "keys", "rotate", *options)
        assert done.returncode == 0, done.stdout + done.stderr

    def processes(self) -> set[int]:
        """The ids of all that runs."""
        of_up = psutil.Process(self.up.process.pid).children(recursive=True)
        return {one.pid for one in of_up if "engines" not in " ".join(one.cmdline())}


@pytest.fixture
def live(up: Up, receiver: Receiver) -> Rotated:
    return Rotated(up, receiver)


def opened(link: str) -> int:
    return httpx.get(link, trust_env=False).status_code


def test_what_runs_takes_a_new_key_up_and_old_links_last(live: Rotated) -> None:
    sent = live.call("POST", FILES, files={"file": ("a.txt", b"text")}, data={"purpose": "parse"})
    old = live.save()
    live.told(old)
    links, running = [live.link(sent["id"])], live.processes()
    for _ in range(2):
        live.rotate()
        assert not live.signed_by(links[-1])
        links.append(live.link(sent["id"]))
        assert live.signed_by(links[-1])
        assert [opened(one) for one in links] == [200] * len(links)
        new = live.save()
        listed = live.call("GET", CONFIGS)
        assert [one["is_disabled"] for one in listed] == [False] * len(listed)
        for config_id in (old, new):
            live.told(config_id)
    live.rotate("--end-links")
    links.append(live.link(sent["id"]))
    assert [opened(one) for one in links] == [403, 403, 403, 200]
    live.told(old)
    assert live.processes() == running
