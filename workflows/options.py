"""Options of the Activities, by what they do.

A *_TIMEOUT bounds one attempt and a *_BUDGET all of them. Slices have no budget: they wait in
their queue for as long as there is no worker, and the ledger counts the attempts of each item.
"""

from datetime import timedelta

from temporalio.common import RetryPolicy

LEDGER_TIMEOUT = timedelta(seconds=30)
LEDGER_BUDGET = timedelta(hours=24)
"""An outage of the ledger for a night fails no job."""

LEDGER_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)
)

ENUMERATION_TIMEOUT = timedelta(hours=6)
"""One attempt at listing a source. 1,000 files take about 40 ms, so this is over 10^8 files."""

DELIVERY_MARGIN = timedelta(seconds=60)
"""Added to a round of deliveries: its last attempts, each 15 s, and recording them."""

DELIVERY_HEARTBEAT = timedelta(seconds=10)
"""Silence after which a round is begun again elsewhere; what is not recorded is sent once more."""

SLICE_WAIT = timedelta(hours=1)
"""Time for a slice to wait for a process that a file of another job holds; longer where its own
files may take longer. A worker that is gone is noticed by its heartbeats, long before."""

SLICE_MARGIN = timedelta(seconds=60)
"""Added to the time of a slice and of its longest file: hashing, storing and recording."""

SLICE_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(seconds=60),
    # A result that the server refuses as too large would otherwise run the work for ever.
    non_retryable_error_types=["PayloadsTooLarge", "PayloadSizeError"],
)
