"""Official clients that cannot share our environment, against a live server.

Nothing but address and key is ours; what a client has is found by looking at it, so that no method
is left out in silence.
"""

import pytest

from tests.sdk.clients import CLIENTS, said
from tests.sdk.conftest import Endpoint

pytestmark = pytest.mark.newest_sdk


@pytest.mark.parametrize("name", CLIENTS)
def test_every_method_of_a_client_works_or_is_refused_with_a_reason(
    name: str, endpoint: Endpoint
) -> None:
    client = CLIENTS[name]
    told = said(client, endpoint)
    print(f"\n{told['client']}: {len(told['methods'])} methods", *told["called"], sep="\n  ")
    print(*(f"  refused: {one}: {it.reason}" for one, it in client.refused.items()), sep="\n")
    assert told["refused"] == {one: it.status for one, it in client.refused.items()}
    assert sorted(told["methods"]) == sorted({*told["called"], *told["refused"]})
