"""A worker's metrics, as Prometheus reads them."""

import httpx

import activities.own_faults  # noqa: F401 - registers its counter
from sheaf.observability import serve_metrics
from sheaf.testing.cluster import free_port


def test_what_failed_for_good_is_counted_from_zero() -> None:
    port = free_port(21_000)
    close = serve_metrics("127.0.0.1", port)
    try:
        shown = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    finally:
        close()
    assert "\nsheaf_activities_failed_for_good_total " in shown
