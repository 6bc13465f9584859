"""Activities that only touch the ledger, and what every part of a Workflow asks around them."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows import options

Argument = TypeVar("Argument")
Answer = TypeVar("Answer")


async def call_ledger(
    method: Callable[[Any, Argument], Awaitable[Answer]],
    argument: Argument,
    summary: str | None = None,
) -> Answer:
    """Run one of the short Activities that only read or write the ledger."""
    return await workflow.execute_activity_method(
        method,
        argument,
        start_to_close_timeout=options.LEDGER_TIMEOUT,
        schedule_to_close_timeout=options.LEDGER_BUDGET,
        retry_policy=options.LEDGER_RETRY,
        summary=summary,
    )
