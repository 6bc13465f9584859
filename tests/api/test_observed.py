"""What is counted of requests."""

import uuid

from tests.api.conftest import Served


async def test_requests_are_counted_by_their_address_without_ids(served: Served) -> None:
    file_id = str(uuid.uuid4())
    await served.client.get(f"/api/v1/beta/files/{file_id.upper()}")
    await served.client.get(f"/api/parsing/job/{file_id}/result/text")
    await served.client.get(f"/nowhere/{file_id}")
    counted = (await served.client.get("/metrics")).text
    assert 'route="/api/v1/beta/files/{file_id}",status="404"' in counted
    assert 'route="/api/parsing/job/{job_id}/result/text",status="404"' in counted
    assert 'route="unknown",status="404"' in counted
    assert file_id not in counted.lower()
