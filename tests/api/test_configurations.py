"""`/api/v1/beta/configurations`, in one process."""

from typing import Any

import pytest

from tests.api.conftest import Served

AT = "/api/v1/beta/configurations"
PARSE = {"product_type": "parse_v2", "tier": "fast", "version": "latest"}
CLASSIFY = {
    "product_type": "classify_v2",
    "rules": [{"type": "invoice", "description": "a bill for goods or services"}],
}


async def save(served: Served, name: str = "mine", **parameters: Any) -> dict[str, Any]:
    answer = await served.client.post(
        AT, json={"name": name, "parameters": {**PARSE, **parameters}}
    )
    assert answer.status_code == 201, answer.text
    saved: dict[str, Any] = answer.json()
    return saved


async def test_a_configuration_is_saved_under_its_name_and_product(served: Served) -> None:
    saved = await save(served, page_ranges={"max_pages": 2})
    assert saved["id"].startswith("cfg-")
    assert saved["parameters"] == {**PARSE, "page_ranges": {"max_pages": 2}}
    again = await save(served)
    assert (again["id"], again["parameters"]) == (saved["id"], PARSE)
    other = await served.client.post(AT, json={"name": "mine", "parameters": CLASSIFY})
    assert other.json()["id"] != saved["id"]
    assert (await served.client.get(f"{AT}/{saved['id']}")).json() == again


async def test_configurations_are_listed_newest_first_by_name_and_product(served: Served) -> None:
    made = [(await save(served, name))["id"] for name in ("a", "b", "c")]
    await served.client.post(AT, json={"name": "a", "parameters": CLASSIFY})
    first = (
        await served.client.get(AT, params={"product_type": "parse_v2", "page_size": 2})
    ).json()
    params = {"product_type": "parse_v2", "page_token": first["next_page_token"]}
    second = (await served.client.get(AT, params=params)).json()
    listed = [one["id"] for one in first["items"] + second["items"]]
    assert (listed, second["next_page_token"]) == (made[::-1], None)
    assert len((await served.client.get(AT, params={"name": "a"})).json()["items"]) == 2


async def test_a_configuration_is_changed_and_deleted(served: Served) -> None:
    saved = await save(served)
    await save(served, "taken")
    renamed = await served.client.put(f"{AT}/{saved['id']}", json={"name": "other"})
    assert (renamed.json()["name"], renamed.json()["parameters"]) == ("other", PARSE)
    refused = await served.client.put(f"{AT}/{saved['id']}", json={"name": "taken"})
    assert refused.status_code == 422
    assert (await served.client.delete(f"{AT}/{saved['id']}")).status_code == 204
    assert (await served.client.get(f"{AT}/{saved['id']}")).status_code == 404


async def test_every_tier_has_a_built_in_configuration(served: Served) -> None:
    preset = (await served.client.get(f"{AT}/cfg-PARSE_AGENTIC")).json()
    assert (preset["product_type"], preset["parameters"]["tier"]) == ("parse_v2", "agentic")
    assert (await served.client.delete(f"{AT}/cfg-PARSE_AGENTIC")).status_code == 404


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({**PARSE, "page_ranges": {"target_pages": "0"}}, "target_pages"),
        ({**PARSE, "unknown_field": 1}, "unknown_field"),
        ({"product_type": "extract_v2"}, "product_type"),
        ({**CLASSIFY, "parsing_configuration": {"target_pages": "x"}}, "target_pages"),
    ],
)
async def test_what_no_job_could_be_made_of_is_refused(
    served: Served, parameters: dict[str, Any], field: str
) -> None:
    answer = await served.client.post(AT, json={"name": "bad", "parameters": parameters})
    assert answer.status_code == 422
    assert field in answer.text


async def test_receivers_are_not_kept_with_parameters(served: Served) -> None:
    hook = {"webhook_url": "https://example.com", "webhook_signing_secret": "hush-hush"}
    parameters = {**PARSE, "webhook_configurations": [hook]}
    answer = await served.client.post(AT, json={"name": "hooks", "parameters": parameters})
    assert answer.status_code == 422
    assert "webhook_configuration_ids" in answer.text
    assert "hush-hush" not in answer.text


async def test_configurations_of_another_project_are_unknown(served: Served) -> None:
    saved = await save(served)
    stranger = await served.key("other")
    at = f"{AT}/{saved['id']}"
    assert (await served.client.get(at, headers=stranger)).status_code == 404
    assert (await served.client.put(at, json={"name": "x"}, headers=stranger)).status_code == 404
    assert (await served.client.delete(at, headers=stranger)).status_code == 404
    assert (await served.client.get(AT, headers=stranger)).json()["items"] == []
