"""`sheaf webhooks`, beside a `sheaf up` that nobody has configured."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from sheaf.testing.webhook_receiver import Receiver, answer, receiving
from tests.integration.test_up import Up, sheaf, until, up

__all__ = ["up"]
CONFIGS = "/api/v1/beta/webhook-configs"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver in a thread of its own, since commands are waited for."""
    loop, made, done = asyncio.new_event_loop(), list[Receiver](), asyncio.Event()
    ready = threading.Event()

    async def serve() -> None:
        async with receiving() as one:
            made.append(one)
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    yield made[0]
    loop.call_soon_threadsafe(done.set)
    thread.join(10)
    loop.close()


def save(up: Up, receiver: Receiver) -> str:
    headers = {"Authorization": f"Bearer {up.key}"}
    body = {"webhook_url": receiver.url("/hook?token=hush-hush")}
    made = httpx.post(up.api + CONFIGS, json=body, headers=headers, trust_env=False)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def test_a_receiver_is_tested_followed_and_told_again(up: Up, receiver: Receiver) -> None:
    home = up.home.root
    saved = save(up, receiver)
    listed = sheaf(home, "webhooks", "list")
    assert saved in listed.stdout
    assert "hush-hush" not in listed.stdout

    tested = sheaf(home, "webhooks", "test", saved)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "delivered, 200 after" in tested.stdout

    receiver.behave = lambda _: answer(410)
    gone = sheaf(home, "webhooks", "test", saved, "--json")
    assert (gone.returncode, json.loads(gone.stdout)["status"]) == (1, "given_up")
    assert "disabled: it answered 410 Gone" in sheaf(home, "webhooks", "list").stdout

    receiver.behave = lambda _: "ok"
    shown = sheaf(home, "webhooks", "deliveries", "--status", "given_up", "--json")
    (delivery,) = json.loads(shown.stdout)
    again = sheaf(home, "webhooks", "redeliver", delivery["id"])
    assert again.stdout.startswith("1 to be sent again")
    until(lambda: len(receiver.received) == 3, 20, "the redelivery")
    assert receiver.received[2].event_id == receiver.received[1].event_id
    assert receiver.received[2].body == receiver.received[1].body

    worker = psutil.Process((up.home.recorded() or pytest.fail("nothing runs")).children["worker"])
    (teller,) = [one for one in worker.children() if "webhook_worker" in one.cmdline()]
    up.process.terminate()
    up.process.wait(60)
    assert not teller.is_running()


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    for arguments, code, said in (
        (("list",), 0, "No saved receivers"),
        (("deliveries",), 0, "No deliveries"),
        (("deliveries", "--since", "soon"), 2, "--since soon: write 30m"),
        (("redeliver", "whd-1"), 1, "no delivery whd-1"),
        (("redeliver", "x"), 2, "x is no delivery"),
        (("test", "whc-none"), 1, "no webhook configuration whc-none"),
    ):
        done = sheaf(tmp_path, "webhooks", *arguments)
        assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done
