"""How a process logs: one JSON object a line on stderr, for our code and for the SDK's."""

import logging
import sys
from collections.abc import Callable
from typing import Any

import structlog
from prometheus_client import start_http_server
from temporalio import activity, workflow
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor


def configure_logging(level: int = logging.INFO) -> None:
    """Send structlog's and the standard library's records through one renderer.

    `ExtraAdder` makes the `extra=` of `workflow.logger` visible; a plain formatter drops it.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # The same facts are in the record's fields; the message stays constant.
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False


def serve_metrics(host: str, port: int) -> Callable[[], None]:
    """Serve this process's metrics in Prometheus's text format; return what ends it.

    Raises:
        OSError: the port is taken.
    """
    server, thread = start_http_server(port, host)

    def close() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return close


class LogContextInterceptor(Interceptor):
    """Binds the identity of the Activity Execution to every line that it logs."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap the next interceptor of the chain."""
        return _LogContext(super().intercept_activity(next))


class _LogContext(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        with structlog.contextvars.bound_contextvars(
            workflow_id=info.workflow_id,
            activity_type=info.activity_type,
            attempt=info.attempt,
        ):
            return await super().execute_activity(input)
