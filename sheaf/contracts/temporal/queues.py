"""Names of the Task Queues; nothing else spells them.

Workflows and the short Activities on the ledger share one queue. Slices have their own, so that
its slots are the parser processes and queued work waits in Temporal, where no timeout runs.
"""

BATCHES = "document-batches"
SLICES = "document-slices"
WEBHOOKS = "webhook-deliveries"
"""Of its own, so that receivers that hang take no slot from a batch."""
