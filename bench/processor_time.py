"""Who has had the processors of a cluster, and of the bench that drives it."""

from dataclasses import dataclass

import psutil

from sheaf.testing.cluster import Cluster


@dataclass(frozen=True)
class ProcessorTime:
    """Seconds of processor time so far, by who had them."""

    parsers: float
    """Those that have ended too."""
    worker: float
    temporal: float
    bench: float
    """The process that creates the jobs."""

    def __sub__(self, earlier: "ProcessorTime") -> "ProcessorTime":
        """Return what came after an earlier reading."""
        return ProcessorTime(
            **{name: value - vars(earlier)[name] for name, value in vars(self).items()}
        )


def processor_time(cluster: Cluster) -> ProcessorTime:
    """Read it; parsers that have ended count with their worker."""
    worker, temporal = servers(cluster)
    times = worker.cpu_times()
    living = sum(_seconds(child) for child in worker.children())
    return ProcessorTime(
        parsers=living + times.children_user + times.children_system,
        worker=times.user + times.system,
        temporal=_seconds(temporal),
        bench=_seconds(psutil.Process()),
    )


def servers(cluster: Cluster) -> tuple[psutil.Process, psutil.Process]:
    """Return the first worker and the Temporal server."""
    assert cluster.server is not None
    return psutil.Process(cluster.workers[0].pid), psutil.Process(cluster.server.pid)


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
