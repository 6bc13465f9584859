"""Numbers that are none are refused by the place where they stand, whatever address takes them."""

import pytest

from tests.api.conftest import Served
from tests.api.test_keys_before_bodies import operations


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1E+400"])
async def test_a_number_that_is_not_finite_is_refused_where_it_stands(
    served: Served, number: str
) -> None:
    for method, path in operations():
        answer = await served.client.request(
            method,
            path,
            content=f'{{"a": [1.5, {{"page_size": {number}}}]}}',
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == 422, (method, path)
        assert answer.json()["detail"][0]["loc"] == ["body", "a", 1, "page_size"]


@pytest.mark.parametrize("number", ["NaN", "1e999"])
async def test_a_part_of_a_form_is_read_alike(served: Served, number: str) -> None:
    answer = await served.client.post(
        "/api/v1/parsing/upload",
        files={"file": ("a.txt", b"text")},
        data={"bbox_top": number.lower()},
    )
    assert answer.status_code == 422


async def test_json_in_a_part_of_a_form_is_refused_where_it_stands(served: Served) -> None:
    answer = await served.client.post(
        "/api/v2/parse/upload",
        files={"file": ("a.txt", b"text")},
        data={"configuration": '{"tier": "fast", "user_metadata": {"a": NaN}}'},
    )
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "configuration", "user_metadata", "a"]
