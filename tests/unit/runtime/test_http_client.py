"""What every request of ours has in common, whichever library sends it."""

import logging

import pytest

from sheaf.runtime.http_client import direct_client
from sheaf.testing.webhook_receiver import receiving


async def test_a_request_leaves_no_url_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with receiving() as receiver, direct_client(5) as client:
        with caplog.at_level(logging.DEBUG):
            assert (await client.get(receiver.url("/a-token"))).is_success
    assert "a-token" not in caplog.text


async def test_a_direct_client_goes_by_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with receiving() as receiver, direct_client(5) as client:
        assert (await client.get(receiver.url())).is_success
