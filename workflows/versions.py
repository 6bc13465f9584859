"""How a Workflow comes to newer code where workers are versioned.

A run stays with the version that it began on, and is never replayed by another one. The next run
takes the version that is current then, by no more than the payload that is carried to it. Where
workers have no version, nothing of this shows.
"""

from typing import Any, NoReturn

from temporalio import workflow
from temporalio.workflow import ContinueAsNewVersioningBehavior


def has_newer() -> bool:
    """Whether another version became current since this run began.

    The server says so with each task, and so does the history: it is safe to decide by.
    """
    return workflow.info().is_target_worker_deployment_version_changed()


def continue_on_newest(argument: Any) -> NoReturn:
    """Continue as new, by the version that is current now."""
    workflow.continue_as_new(
        argument, initial_versioning_behavior=ContinueAsNewVersioningBehavior.AUTO_UPGRADE
    )
