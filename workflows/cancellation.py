"""Cancels that arrive while a Workflow sends a Signal."""

import asyncio

from temporalio import workflow


def raise_if_cancelled() -> None:
    """Raise CancelledError once a cancel of this Workflow was asked for.

    To be called after sending a Signal: a cancel that arrives meanwhile is taken by the SDK for a
    cancel of the Signal, and the Workflow would never hear of it.
    """
    if workflow.cancellation_reason() is not None:
        raise asyncio.CancelledError
