"""Two projects with receivers of their own: neither sees, changes or is told of the other's."""

from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from sheaf.ledger.webhook_tables import outbox, webhook_configs
from sheaf.ledger.webhooks.deliveries import DeliveryLedger
from tests.api.conftest import Served
from tests.api.test_webhook_configs import AT as CONFIGS
from tests.api.test_webhook_configs import save
from tests.api.test_webhook_deliveries import AT as DELIVERIES
from tests.api.test_webhook_deliveries import give_up, post_test

OURS = "https://ours.test/hook"


class Two:
    """The project `default`, with a receiver and a delivery that was given up; and another."""

    def __init__(self, served: Served, stranger: dict[str, str]) -> None:
        self.served = served
        self.stranger = stranger
        self.config_id = ""
        self.delivery_id = ""

    async def ask(self, method: str, path: str, **values: Any) -> Any:
        """Ask as the other project does."""
        return await self.served.client.request(method, path, headers=self.stranger, **values)

    async def rows(self) -> list[Any]:
        """Return all that the ledger has of receivers and deliveries."""
        async with self.served.state.database.read() as connection:
            found = [
                (await connection.execute(sa.select(table).order_by(table.c.id))).all()
                for table in (webhook_configs, outbox)
            ]
        return [tuple(row) for rows in found for row in rows]


@pytest_asyncio.fixture
async def two(served: Served) -> Two:
    made = Two(served, await served.key("other"))
    made.config_id = (await save(served, webhook_url=OURS))["id"]
    made.delivery_id = (await post_test(served, made.config_id))["id"]
    await give_up(served, made.config_id)
    return made


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{CONFIGS}/{{config}}", None),
        ("PUT", f"{CONFIGS}/{{config}}", {"webhook_url": "https://theirs.test/"}),
        ("DELETE", f"{CONFIGS}/{{config}}", None),
        ("POST", f"{CONFIGS}/{{config}}/test", {}),
        ("GET", f"{DELIVERIES}/{{delivery}}", None),
        ("POST", f"{DELIVERIES}/{{delivery}}/redeliver", {}),
    ],
)
async def test_what_another_project_has_is_as_unknown_as_nothing(
    two: Two, method: str, path: str, body: Any
) -> None:
    before = await two.rows()
    ids = {"config": two.config_id, "delivery": two.delivery_id}
    answer = await two.ask(method, path.format(**ids), json=body)
    assert answer.status_code == 404
    assert "ours.test" not in answer.text
    nobody = {"config": f"whc-{0:032}", "delivery": "whd-999999"}
    unknown = await two.ask(method, path.format(**nobody), json=body)
    assert unknown.status_code == 404
    for mine, none in zip(ids.values(), nobody.values(), strict=True):
        assert answer.text.replace(mine, none) in {unknown.text, answer.text}
    assert answer.text.replace(two.config_id, "ID").replace(two.delivery_id, "ID") == (
        unknown.text.replace(nobody["config"], "ID").replace(nobody["delivery"], "ID")
    )
    assert await two.rows() == before


async def test_lists_show_what_is_of_the_project(two: Two) -> None:
    for path in (CONFIGS, "/api/v2/webhook-configs", DELIVERIES):
        answer = await two.ask("GET", path)
        assert answer.status_code == 200
        assert two.config_id not in answer.text
        assert two.delivery_id not in answer.text
    narrowed = await two.ask("GET", DELIVERIES, params={"webhook_configuration_id": two.config_id})
    assert narrowed.json()["items"] == []


async def test_sending_all_again_sends_what_is_of_the_project(two: Two) -> None:
    before = await two.rows()
    since = {"since": "2020-01-01T00:00:00Z"}
    for body in (since, {**since, "webhook_configuration_id": two.config_id}):
        answer = await two.ask("POST", f"{DELIVERIES}/redeliver", json=body)
        assert two.config_id not in answer.text
        assert answer.is_client_error or 0 in answer.json().values()
    assert await two.rows() == before
    assert await DeliveryLedger(two.served.state.database).waiting() == []


async def test_a_job_can_name_no_receiver_of_another_project(two: Two) -> None:
    mine = await two.ask("POST", "/api/v1/beta/directories", json={"name": "theirs"})
    before = await two.rows()
    made = await two.ask(
        "POST",
        "/api/v1/beta/files",
        files={"file": ("a.txt", b"text")},
        data={"purpose": "parse"},
    )
    file_id = made.json()["id"]
    job = {"type": "parse_v2", "configuration_id": "cfg-PARSE_FAST"}
    rules = [{"type": "a", "description": "anything at all"}]
    bodies: dict[str, Any] = {
        "/api/v2/batches": {"source_directory_id": mine.json()["id"], "config": {"job": job}},
        "/api/v2/parse": {"tier": "fast", "version": "latest", "file_id": file_id},
        "/api/v2/classify": {"file_input": file_id, "configuration": {"rules": rules}},
    }
    for path, body in bodies.items():
        named = body | {"webhook_configuration_ids": [two.config_id]}
        answer = await two.ask("POST", path, json=named)
        assert answer.status_code == 422, (path, answer.text)
        assert "webhook_configuration_ids" in answer.text
        assert "ours.test" not in answer.text
        assert (await two.ask("POST", path, json=body)).is_success
    assert await two.rows() == before
