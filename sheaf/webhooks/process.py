"""The process that tells receivers, as the worker keeps it."""

import structlog

from sheaf.runtime.children import child_environment, python_command
from sheaf.runtime.supervised import Child

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 5.0
"""Between two starts of one that dies."""

KILL_SECONDS = 5.0
"""For its own end, after its grace."""


class WebhookProcess:
    """A child that is started when it is needed first, and again when it has died.

    It is not started again at once: where this machine cannot, another worker tells receivers.

    Args:
        grace_seconds: how long it has to finish what is on its way.
    """

    def __init__(self, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._child = Child("webhooks", python_command("webhook_worker"), child_environment())

    async def ensure(self) -> None:
        """Start the process unless it runs.

        Raises:
            OSError: this machine cannot.
        """
        if self._child.is_running or self._child.age_seconds < PAUSE_SECONDS:
            return
        if self._child.process:
            log.warning("the webhook worker died", code=self._child.process.returncode)
        await self._child.spawn()

    async def stop(self) -> None:
        """End the process, gently first."""
        await self._child.end(self._grace_seconds + KILL_SECONDS)
