"""`/api/v1/beta/webhook-deliveries`, in one process; the deliverer's side is played here."""

from typing import Any

import sqlalchemy as sa

from sheaf.contracts.states import DeliveryStatus
from sheaf.ledger.database import now_us
from sheaf.ledger.webhook_tables import outbox, webhook_configs
from sheaf.ledger.webhooks.deliveries import DeliveryLedger, Health, Verdict
from tests.api.conftest import Served
from tests.api.test_webhook_configs import AT as CONFIGS
from tests.api.test_webhook_configs import SECRET, save

AT = "/api/v1/beta/webhook-deliveries"


async def post_test(served: Served, config_id: str) -> dict[str, Any]:
    answer = await served.client.post(f"{CONFIGS}/{config_id}/test")
    assert answer.status_code == 202, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def give_up(served: Served, config_id: str, reason: str | None = None) -> None:
    """Play a deliverer whose one attempt failed for good."""
    ledger, now = DeliveryLedger(served.state.database), now_us()
    verdicts = [
        Verdict(due.id, DeliveryStatus.GIVEN_UP, 1, now, now, [[now, 500, 12, "http_error"]])
        for due in await ledger.due(config_id, 100)
    ]
    await ledger.record(config_id, verdicts, Health(1, now, 0, reason))


async def test_a_test_is_posted_whatever_the_receiver_subscribes_to(served: Served) -> None:
    saved = await save(served, webhook_events=["batch.error"])
    made = await post_test(served, saved["id"])
    assert (made["event_type"], made["status"]) == ("webhook.test", "pending")
    assert (made["webhook_configuration_id"], made["batch_job_id"]) == (saved["id"], None)
    (due,) = await DeliveryLedger(served.state.database).due(saved["id"], 10)
    assert due.event_type == "webhook.test"


async def test_the_log_shows_each_attempt_and_filters(served: Served) -> None:
    first, second = (await save(served))["id"], (await save(served))["id"]
    failed = await post_test(served, first)
    await give_up(served, first)
    waiting = await post_test(served, second)
    listed = (await served.client.get(AT)).json()["items"]
    assert [one["id"] for one in listed] == [waiting["id"], failed["id"]]
    for params, expected in (
        ({"status": "given_up"}, failed), ({"status": "pending"}, waiting),
        ({"webhook_configuration_id": second}, waiting),
    ):  # fmt: skip
        (one,) = (await served.client.get(AT, params=params)).json()["items"]
        assert one["id"] == expected["id"]
    got = (await served.client.get(f"{AT}/{failed['id']}")).json()
    (attempt,) = got["attempts"]
    assert (attempt["status_code"], attempt["latency_ms"], attempt["error"]) == (
        500, 12, "http_error",
    )  # fmt: skip
    assert (got["next_attempt_at"], got["ended_at"] is not None) == (None, True)


async def test_pages_of_the_log_follow_each_other(served: Served) -> None:
    config_id = (await save(served))["id"]
    made = [(await post_test(served, config_id))["id"] for _ in range(3)]
    first = (await served.client.get(AT, params={"page_size": 2})).json()
    token = {"page_token": first["next_page_token"]}
    second = (await served.client.get(AT, params=token)).json()
    assert [one["id"] for one in first["items"] + second["items"]] == made[::-1]


async def test_a_redelivery_counts_anew_keeps_the_id_and_tries_a_disabled_receiver(
    served: Served,
) -> None:
    config_id = (await save(served))["id"]
    made = await post_test(served, config_id)
    await give_up(served, config_id, "it answered 410 Gone")
    shown = (await served.client.get(f"{CONFIGS}/{config_id}")).json()
    assert (shown["is_disabled"], shown["disabled_reason"]) == (True, "it answered 410 Gone")
    again = await served.client.post(f"{AT}/{made['id']}/redeliver")
    assert again.status_code == 202
    assert (again.json()["status"], again.json()["event_id"]) == ("pending", made["event_id"])
    assert len(again.json()["attempts"]) == 1
    assert not (await served.client.get(f"{CONFIGS}/{config_id}")).json()["is_disabled"]
    (due,) = await DeliveryLedger(served.state.database).due(config_id, 10)
    assert due.attempts == 0


async def test_all_that_was_given_up_since_a_moment_is_sent_again(served: Served) -> None:
    first, second = (await save(served))["id"], (await save(served))["id"]
    for config_id in (first, first, second):
        await post_test(served, config_id)
        await give_up(served, config_id)
    asked = {"since": "2020-01-01T00:00:00Z", "webhook_configuration_id": first}
    answer = await served.client.post(f"{AT}/redeliver", json=asked)
    assert (answer.status_code, answer.json()) == (202, {"redelivered": 2})
    later = {"since": "2100-01-01T00:00:00Z"}
    assert (await served.client.post(f"{AT}/redeliver", json=later)).json() == {"redelivered": 0}


async def test_a_batch_writes_its_receivers_and_its_first_event(served: Served) -> None:
    directory = (await served.client.post("/api/v1/beta/directories", json={"name": "d"})).json()[
        "id"
    ]
    config = {
        "webhook_url": f"https://example.com/{SECRET}-{SECRET}?t={SECRET}",
        "webhook_signing_secret": SECRET,
        "webhook_headers": {"X-Token": SECRET},
    }
    asked = {
        "directory_id": directory,
        "job_config": {"parameters": {"webhook_configurations": [config]}},
    }
    answer = await served.client.post("/api/v1/beta/batch-processing", json=asked)
    assert answer.status_code == 201
    assert (SECRET in answer.text, answer.json()["unsupported_parameters"]) == (False, [])
    params = {"batch_job_id": answer.json()["id"]}
    (told,) = (await served.client.get(AT, params=params)).json()["items"]
    assert (told["event_type"], told["status"]) == ("batch.pending", "pending")
    assert (await served.client.get(CONFIGS)).json() == []
    home = served.state.settings.home
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert SECRET.encode() not in kept


async def test_a_receiver_inside_is_refused_where_it_is_configured(served: Served) -> None:
    directory = (await served.client.post("/api/v1/beta/directories", json={"name": "d"})).json()[
        "id"
    ]
    for url in ("https://10.0.0.5/x", "http://localhost/", "https://[::1]/", "https://127.1/", "x"):
        hook = {"webhook_url": url}
        for path, body in (
            ("/api/v1/beta/batch-processing", {"directory_id": directory,
              "job_config": {"parameters": {"webhook_configurations": [hook]}}}),
            ("/api/v1/beta/batch-processing", {"directory_id": directory, "job_config": hook}),
            ("/api/v2/batches", {"source_directory_id": directory, "webhook_configurations": [hook],
              "config": {"job": {"type": "parse_v2", "configuration_id": "cfg-PARSE_FAST"}}}),
            (CONFIGS, hook),
        ):  # fmt: skip
            answer = await served.client.post(path, json=body)
            assert answer.status_code == 422, (path, url)
            assert "webhook_url" in answer.text
    async with served.state.database.read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(outbox)) == 0
        assert await connection.scalar(sa.select(sa.func.count()).select_from(webhook_configs)) == 0


async def test_a_shown_url_sent_back_changes_nothing_and_a_new_secret_keeps_the_old_a_day(
    served: Served,
) -> None:
    url = "https://example.com/hooks?token=abc"
    saved = await save(served, webhook_url=url, webhook_signing_secret="first-first")
    at = f"{CONFIGS}/{saved['id']}"
    assert saved["webhook_url"] == "https://example.com/hooks?token=***"
    body = {"webhook_url": saved["webhook_url"], "webhook_signing_secret": "second-second"}
    await served.client.put(at, json=body)
    async with served.state.database.read() as connection:
        sealed = await connection.scalar(sa.select(webhook_configs.c.sealed))
    assert sealed is not None
    held = served.state.receivers.open(sealed)
    assert held.webhook_url == url
    assert held.secrets == ("second-second", "first-first")
