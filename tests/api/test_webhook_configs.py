"""`/api/v1/beta/webhook-configs`, in one process."""

from typing import Any

import pytest
from pydantic import SecretStr

from sheaf.composition import receivers
from sheaf.contracts.http.projects import project_uuid
from sheaf.ledger.webhooks.configs import WebhookConfigLedger
from sheaf.runtime.signing_keys import FixedKeys, PreviousKey
from sheaf.webhooks.seals import SealBrokenError, Seals
from tests.api.conftest import Served

AT = "/api/v1/beta/webhook-configs"
SECRET = "hush-hush-hush"


async def save(served: Served, **fields: Any) -> dict[str, Any]:
    asked = {"webhook_url": "https://example.com/hook", **fields}
    answer = await served.client.post(AT, json=asked)
    assert answer.status_code == 201, answer.text
    saved: dict[str, Any] = answer.json()
    return saved


async def test_a_receiver_is_saved_without_ever_showing_its_secrets(served: Served) -> None:
    saved = await save(
        served,
        webhook_signing_secret=SECRET,
        webhook_headers={"Authorization": SECRET},
        webhook_events=["parse.success"],
    )
    assert (saved["has_secret"], saved["tenant_type"], saved["tenant_id"]) == (
        True, "project", project_uuid("default"),
    )  # fmt: skip
    assert saved["webhook_headers"] == {"Authorization": "***"}
    got = (await served.client.get(f"{AT}/{saved['id']}")).json()
    assert (got, SECRET in str(got)) == (saved, False)
    home = served.state.settings.home
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert saved["id"].encode() in kept
    assert SECRET.encode() not in kept


async def test_only_the_fields_that_are_present_change(served: Served) -> None:
    saved = await save(
        served, webhook_signing_secret=SECRET, webhook_events=["parse.error"],
        webhook_output_format="json",
    )  # fmt: skip
    at = f"{AT}/{saved['id']}"
    moved = (await served.client.put(at, json={"webhook_url": "https://b.test/"})).json()
    assert (moved["webhook_url"], moved["has_secret"]) == ("https://b.test/", True)
    assert (moved["webhook_events"], moved["webhook_output_format"]) == (["parse.error"], "json")
    bare = {"webhook_signing_secret": None, "webhook_events": None}
    cleared = (await served.client.put(at, json=bare)).json()
    assert (cleared["has_secret"], cleared["webhook_events"]) == (False, None)
    assert cleared["webhook_output_format"] == "json"


async def test_receivers_are_listed_newest_first_bare_and_in_pages(served: Served) -> None:
    made = [(await save(served))["id"] for _ in range(3)]
    assert [one["id"] for one in (await served.client.get(AT)).json()] == made[::-1]
    params = {"page_size": 2, "include_total": True}
    first = (await served.client.get("/api/v2/webhook-configs", params=params)).json()
    assert (len(first["items"]), first["total_size"]) == (2, 3)
    token = {"page_token": first["next_page_token"]}
    second = (await served.client.get("/api/v2/webhook-configs", params=token)).json()
    assert [one["id"] for one in second["items"]] == made[:1]
    assert (second["next_page_token"], second["total_size"]) == (None, None)


@pytest.mark.parametrize(
    "fields",
    [
        {"webhook_url": "ftp://example.com"},
        {"webhook_events": []},
        {"webhook_events": ["parse.finished"]},
        {"webhook_headers": {"a b": "c"}},
        {"webhook_headers": {"a": f"{SECRET}\r\nHost: evil"}},
        {"webhook_signing_secret": SECRET * 100},
    ],
)
async def test_what_could_not_be_sent_is_refused_without_repeating_it(
    served: Served, fields: dict[str, Any]
) -> None:
    answer = await served.client.post(
        AT, json={"webhook_url": "https://example.com/hook", **fields}
    )
    assert answer.status_code == 422
    assert next(iter(fields)) in answer.text
    assert SECRET not in answer.text


async def test_a_receiver_of_another_project_is_unknown(served: Served) -> None:
    at = f"{AT}/{(await save(served))['id']}"
    stranger = await served.key("other")
    assert (await served.client.get(at, headers=stranger)).status_code == 404
    assert (await served.client.put(at, json={}, headers=stranger)).status_code == 404
    assert (await served.client.delete(at, headers=stranger)).status_code == 404
    assert (await served.client.delete(at)).status_code == 204
    assert (await served.client.get(AT)).json() == []


def test_a_seal_opens_under_its_own_key_alone() -> None:
    sealed = Seals(FixedKeys(b"one")).seal({"secret": SECRET})
    assert Seals(FixedKeys(b"one")).open(sealed) == {"secret": SECRET}
    with pytest.raises(SealBrokenError, match="SHEAF_HOME"):
        Seals(FixedKeys(b"two")).open(sealed)


@pytest.mark.parametrize(
    "url",
    [
        *("https://xn--/", "https://xn--a/", "https://xn--zz--.example/", "https://xn--0.xn--1/x"),
        *("https://xn--ls8h.xn--/", f"https://xn--{'a' * 59}.example/", "https://XN--/"),
    ],
)
async def test_a_receiver_whose_name_is_no_idna_is_refused(served: Served, url: str) -> None:
    asked = {"webhook_url": url}
    saved = await served.client.post(AT, json=asked)
    assert saved.status_code == 422, saved.text
    (error,) = saved.json()["detail"]
    assert error["loc"] == ["body", "webhook_url"]
    batch = {
        "directory_id": "dir-x",
        "job_config": {"parameters": {"webhook_configurations": [asked], "webhook_url": url}},
    }
    answer = await served.client.post("/api/v1/beta/batch-processing", json=batch)
    assert answer.status_code in {404, 422}
    change = {"webhook_url": url, "webhook_events": ["parse.error"]}
    kept = (await save(served))["id"]
    assert (await served.client.put(f"{AT}/{kept}", json=change)).status_code == 422


async def test_a_receiver_may_have_a_name_in_letters_of_any_script(served: Served) -> None:
    url = "https://xn--mnchen-3ya.example/hook"
    assert (await save(served, webhook_url=url))["webhook_url"] == url


def test_a_seal_opens_under_a_key_of_before_and_closes_under_the_newest() -> None:
    old, both = Seals(FixedKeys(b"old")), Seals(FixedKeys(b"new", [PreviousKey(b"old")]))
    assert both.open(old.seal({"secret": SECRET})) == {"secret": SECRET}
    assert Seals(FixedKeys(b"new")).open(both.seal({"secret": SECRET})) == {"secret": SECRET}


async def test_a_receiver_under_another_key_is_shown_as_such(served: Served) -> None:
    at = f"{AT}/{(await save(served, webhook_signing_secret=SECRET))['id']}"
    readable = (await save(served))["id"]
    served.state.receivers._seals = Seals(FixedKeys(b"another"))
    listed = (await served.client.get(AT)).json()
    assert {one["webhook_url"] for one in listed} == {"***"}
    shown = (await served.client.get(at)).json()
    assert (shown["is_disabled"], shown["has_secret"]) == (True, False)
    assert "signing key" in shown["disabled_reason"]
    assert (await served.client.put(at, json={"webhook_events": None})).status_code == 422
    again = await served.client.put(at, json={"webhook_url": "https://b.test/"})
    assert (again.json()["webhook_url"], again.json()["is_disabled"]) == ("https://b.test/", False)
    assert (await served.client.delete(f"{AT}/{readable}")).status_code == 204


async def test_a_key_of_before_opens_whether_it_was_a_setting_or_the_homes(served: Served) -> None:
    saved = await save(served)
    settings, database = served.state.settings, served.state.database
    (row,), _ = await WebhookConfigLedger(database).page("default", None, 10)
    homes = (settings.home / "signing.key").read_text()
    changed = {"signing_key": SecretStr("n" * 32), "previous_signing_keys": (SecretStr(homes),)}
    now = receivers(settings.changed(**changed), database)
    held = now.opened(row.sealed)
    assert held is not None
    assert held.webhook_url == saved["webhook_url"]
    as_setting = Seals(FixedKeys(homes.encode())).seal({"webhook_url": "https://b.test/"})
    assert now.open(as_setting).webhook_url == "https://b.test/"
