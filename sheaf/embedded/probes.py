"""Whether a process of the embedded profile works, asked from outside.

Each probe returns None where it does, else why it is taken not to, in a few words.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from sheaf.runtime import http_client
from sheaf.runtime.supervised import Probe

ANSWER_SECONDS = 3.0


def beats(file: Path) -> Probe:
    """Return the probe of a process that sets a file's time at each beat of its event loop."""
    seen: int | None = None

    async def probe() -> str | None:
        nonlocal seen
        try:
            found = os.stat(file).st_mtime_ns  # noqa: PTH116 - of a local file
        except OSError:
            return "it is not ready"
        # Compared with the one before, not with a clock that may be set.
        before, seen = seen, found
        return None if before != found else "its event loop stands still"

    return probe


def lives(address: Callable[[], str]) -> Probe:
    """Return the probe of an API, which may move to another address."""

    async def probe() -> str | None:
        try:
            async with http_client.direct_client(ANSWER_SECONDS) as client:
                answer = await client.get(f"{address()}/livez")
        except http_client.HTTPError as error:
            return f"/livez does not answer ({type(error).__name__})"
        return None if answer.is_success else f"/livez answers {answer.status_code}"

    return probe


def serves(address: str) -> Probe:
    """Return the probe of a Temporal server: one that serves knows that a Workflow is not there.

    The question goes to the history service and its shard. The port, and the server's own health,
    say that all is well while the shard has been lost to a full disk.
    """
    client: Client | None = None
    question = DescribeWorkflowExecutionRequest(
        namespace="default", execution=WorkflowExecution(workflow_id="sheaf-probe")
    )

    async def probe() -> str | None:
        nonlocal client
        try:
            if client is None:
                client = await Client.connect(address, lazy=True)
            await client.workflow_service.describe_workflow_execution(
                question, timeout=timedelta(seconds=ANSWER_SECONDS)
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                return f"it does not serve ({error.message[:100]})"
        except RuntimeError as error:
            return f"it does not answer ({str(error)[:100]})"
        return None

    return probe
