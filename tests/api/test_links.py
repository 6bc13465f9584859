"""Links that need no key: whom they lead to, and how long they last."""

from typing import Any

import httpx
import pytest

from sheaf.contracts.apis import Scope
from sheaf.embedded.home import Home
from sheaf.ledger.access.keys import KeyLedger
from sheaf.ledger.database import now_us
from sheaf.runtime.signing_keys import FixedKeys, PreviousKey, SigningKeys
from tests.api.conftest import Served

FILES = "/api/v1/beta/files"
OPEN = {"Authorization": ""}
SECOND = 1_000_000


async def sent(served: Served) -> str:
    answer = await served.client.post(
        FILES, files={"file": ("a.txt", b"text")}, data={"purpose": "parse"}
    )
    return str(answer.json()["id"])


async def link(served: Served, file_id: str, **headers: str) -> Any:
    answer = await served.client.get(f"{FILES}/{file_id}/content", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def opened(served: Served, url: str) -> int:
    return (await served.client.get(url, headers=OPEN)).status_code


def told(served: Served, **settings: Any) -> None:
    for name, value in settings.items():
        object.__setattr__(served.state.settings, name, value)


async def test_a_link_ends_with_the_key_that_it_was_made_by(served: Served) -> None:
    file_id = await sent(served)
    keys = KeyLedger(served.state.database)
    made, secret = await keys.create("default", "leaver", Scope.READ)
    theirs = (await link(served, file_id, Authorization=f"Bearer {secret}"))["url"]
    ours = (await link(served, file_id))["url"]
    assert await opened(served, theirs) == 200
    await keys.revoke(made.id)
    assert await opened(served, theirs) == 403
    assert await opened(served, ours) == 200


async def test_a_link_lasts_no_longer_than_its_key(served: Served) -> None:
    file_id = await sent(served)
    ends_at = now_us() + 60 * SECOND
    _, secret = await KeyLedger(served.state.database).create(
        "default", "short", Scope.READ, ends_at
    )
    found = await link(served, file_id, Authorization=f"Bearer {secret}")
    query = httpx.URL(found["url"]).params
    assert int(query["expires"]) * SECOND <= ends_at


async def test_a_link_is_good_for_its_own_key_alone(served: Served) -> None:
    file_id = await sent(served)
    url = (await link(served, file_id))["url"]
    other, _ = await KeyLedger(served.state.database).create("default", "other", Scope.READ)
    own = httpx.URL(url).params["key"]
    assert await opened(served, url.replace(own, other.id)) == 403
    without = httpx.URL(url).copy_remove_param("key")
    assert await opened(served, str(without)) in {403, 422}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:443", "a@evil.example", "x y"])
async def test_a_link_leads_to_no_host_that_a_stranger_names(served: Served, host: str) -> None:
    headers = {"Host": host, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    found = await link(served, await sent(served), **headers)
    assert httpx.URL(found["url"]).host == "sheaf.test"
    assert httpx.URL(found["url"]).scheme == "http"


@pytest.mark.parametrize("host", ["localhost:8484", "127.0.0.1:9000", "[::1]:8484"])
async def test_a_link_follows_a_caller_on_this_machine(served: Served, host: str) -> None:
    found = await link(served, await sent(served), Host=host)
    assert found["url"].startswith(f"http://{host}/")


async def test_a_link_follows_a_proxy_that_the_operator_trusts(served: Served) -> None:
    file_id = await sent(served)
    headers = {"Host": "sheaf.example", "X-Forwarded-Proto": "https"}
    told(served, trusted_proxies=("10.0.0.0/8",))
    assert "sheaf.example" not in (await link(served, file_id, **headers))["url"]
    told(served, trusted_proxies=("127.0.0.0/8",))
    url = (await link(served, file_id, **headers))["url"]
    assert url.startswith("https://sheaf.example/")
    named = {**headers, "X-Forwarded-Host": "docs.example"}
    assert (await link(served, file_id, **named))["url"].startswith("https://docs.example/")
    bad = {**headers, "X-Forwarded-Proto": "javascript"}
    assert (await link(served, file_id, **bad))["url"].startswith("http://sheaf.example/")
    told(served, api_url="https://public.example/base/")
    assert (await link(served, file_id, **headers))["url"].startswith(
        "https://public.example/base/api/"
    )


def rekey(served: Served, keys: SigningKeys) -> None:
    object.__setattr__(served.state, "signing_keys", keys)


async def test_a_link_outlasts_its_signing_key_until_it_ends(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = (await link(served, await sent(served)))["url"]
    Home(served.state.settings.home).signing_keys().renew()
    assert await opened(served, url) == 200
    ends = int(httpx.URL(url).params["expires"])
    monkeypatch.setattr("sheaf.api.dependencies.links.time.time", lambda: ends + 1)
    assert await opened(served, url) == 403


async def test_a_key_of_before_signs_nothing_that_lasts_longer_than_its_own_links(
    served: Served,
) -> None:
    """Whoever got hold of a key that was replaced for it makes no link for years."""
    url = (await link(served, await sent(served)))["url"]
    ends, held = int(httpx.URL(url).params["expires"]), served.state.signing_keys.now().current
    for until, status in ((ends, 200), (ends - 1, 403), (0, 403)):
        rekey(served, FixedKeys(b"new", [PreviousKey(b"other", 1e12), PreviousKey(held, until)]))
        assert await opened(served, url) == status
    rekey(served, FixedKeys(b"new"))
    assert await opened(served, url) == 403
