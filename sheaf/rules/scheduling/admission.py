"""Admission: how many jobs may be open at once, and whose job is next.

A job that is open has Workflows in the caches of workers and slices in their queues. What is
beyond both would be replayed at each step and wait all the same, so it waits in the ledger.

Jobs are of two classes, which never wait for each other: *small* ones, of which one worker does
the whole in a moment, and *large* ones, which have pages. Within a class the projects share the
places: the next one goes to the project with the fewest open jobs, and a project never has more
than there are places left, so that another one finds room at once, however long jobs take.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sheaf.contracts.temporal.small_jobs import MOST_CARRIED

MIB = 1024**2

WORKFLOW_BYTES = 1 * MIB
"""Memory that is set aside for a Workflow in a worker's cache."""
CACHE_SHARE = 16
"""The part of a machine's memory that the cache may take: the rest is for parsers and servers."""
FEWEST_CACHED, MOST_CACHED = 200, 4000

WORKFLOWS_OF_A_JOB = 5
"""The parent, the listing, and pages: the current one, the one ahead and one with stragglers."""

SMALL_PER_PROCESS = 16
"""Small jobs at once for each parser process. They pass through claims, storing and recording
too, and one project gets half of the places."""
LARGE_PER_PROCESS = 4
FEWEST_LARGE = 16

FEWEST_CARRIED = 4
"""Jobs of one file and one project that share a Workflow when they are admitted at once."""


@dataclass(frozen=True)
class Capacity:
    """Jobs of each class that a worker may have open."""

    small: int
    large: int


@dataclass(frozen=True)
class Waiting:
    """The jobs of a project that wait, in their order: by priority, then by age."""

    project_id: str
    job_ids: Sequence[str]
    head: tuple[int, int]
    """Priority and time of the first of them, by which projects with as many open jobs follow
    each other."""


def cached_workflows(memory_bytes: int) -> int:
    """Return how many Workflows a worker keeps in memory."""
    fitting = memory_bytes // CACHE_SHARE // WORKFLOW_BYTES
    return max(FEWEST_CACHED, min(MOST_CACHED, fitting))


def capacity(cached: int, parser_processes: int) -> Capacity:
    """Return how many jobs a worker may have open.

    Args:
        cached: Workflows that it keeps in memory.
        parser_processes: its slots for files.
    """
    large = max(FEWEST_LARGE, LARGE_PER_PROCESS * parser_processes)
    small = SMALL_PER_PROCESS * parser_processes
    return Capacity(
        small=max(1, min(small, cached // 2)),
        large=max(1, min(large, cached // 2 // WORKFLOWS_OF_A_JOB)),
    )


def admitted(
    waiting: Sequence[Waiting], open_jobs: Mapping[str, int], places: int, most: int
) -> list[str]:
    """Return the ids of the jobs that are admitted now, in their order.

    Args:
        waiting: projects with jobs that wait; what a project has beyond `most` may be left out.
        open_jobs: jobs of the class that each project has open.
        places: of the whole deployment.
        most: jobs that are taken now at most.
    """
    counts = dict(open_jobs)
    free = places - sum(counts.values())
    queues = {one.project_id: list(reversed(one.job_ids)) for one in waiting if one.job_ids}
    heads = {one.project_id: one.head for one in waiting}
    taken: list[str] = []
    while queues and len(taken) < most:
        project = min(queues, key=lambda name: (counts.get(name, 0), heads[name], name))
        if counts.get(project, 0) >= free:
            # The one with the fewest has as many as are left, so every other has more.
            break
        taken.append(queues[project].pop())
        counts[project] = counts.get(project, 0) + 1
        free -= 1
        if not queues[project]:
            del queues[project]
    return taken


def place(rank: int, others: Sequence[int]) -> int:
    """Return a job's place in the queue of its class, from 1.

    Projects take turns, so of each other project as many go before it as of its own, itself
    included: it is the latest place that it can have while nobody waits longer than it does.

    Args:
        rank: its place among its own project's jobs, from 1.
        others: how many jobs wait of each other project.
    """
    return rank + sum(min(rank, count) for count in others)


def carried(jobs: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return which of the jobs of one file that are admitted at once share a Workflow.

    A Workflow costs many times what such a job does, so those of one project that come in a rush
    have one together. A few that come at once have their own, which people find by their ids.

    Args:
        jobs: projects and ids, in the order in which they are admitted.
    """
    by_project: dict[str, list[str]] = {}
    for project_id, job_id in jobs:
        by_project.setdefault(project_id, []).append(job_id)
    cut = [
        own[start : start + MOST_CARRIED]
        for own in by_project.values()
        for start in range(0, len(own), MOST_CARRIED)
    ]
    return [group for group in cut if len(group) >= FEWEST_CARRIED]
