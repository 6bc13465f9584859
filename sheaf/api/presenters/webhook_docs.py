"""The `webhooks` of the OpenAPI document: what this server sends, and to whom."""

from fastapi import FastAPI

from sheaf.contracts.http.events import WebhookEvent
from sheaf.contracts.http.webhooks import SENT_EVENTS, TEST_EVENT


def document_webhooks(app: FastAPI) -> None:
    """Describe every event that is sent."""

    def received(body: WebhookEvent) -> None:
        """Answer with any 2xx status within 15 s; everything else is tried again."""
        del body

    for event in sorted({*SENT_EVENTS, TEST_EVENT}):
        app.webhooks.post(event, tags=["events"], operation_id=f"event_{event}")(received)
