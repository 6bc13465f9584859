"""A virtual clock over the real rules: cutting, window, relay and continue-as-new.

It answers what a job's makespan would be with given durations, and nothing else. Costs of the
server are modelled by three latencies, so that a rule that needs many round trips shows it.
"""

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from sheaf.contracts.temporal.runs import OrdinalRange, ProcessSliceResult, Slice
from sheaf.rules.scheduling.page_scheduler import PageScheduler
from sheaf.rules.scheduling.slice_window import Window
from sheaf.rules.scheduling.slicing import Weighed, cut
from sheaf.rules.scheduling.tunables import NEW_JOBS

SIGNAL_SECONDS = 0.02
PLAN_SECONDS = 0.05
CONTINUE_AS_NEW_SECONDS = 0.05
CONTINUE_AS_NEW_INTERVAL_SECONDS = 1.0
SLICE_SECONDS = 5.0


@dataclass
class Simulation:
    """One job; `run` returns the seconds until its last file has ended."""

    durations: Sequence[float]
    concurrency: int
    page_files: int
    threshold: int
    drains: bool = False
    """Whether the parent waits for a page's end before it starts the next, as a baseline."""
    guess: Callable[[float], float] = lambda seconds: 1.0
    """What is predicted for a file of this duration; by default nothing is known."""
    now: float = 0.0
    runs: int = 1
    overlaps: int = 0
    most_in_flight: int = 0
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _count: "itertools.count[int]" = field(default_factory=itertools.count)
    _windows: dict[str, Window] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)
    _in_flight: int = 0
    _dispatched: int = 0
    _run_began: float = 0.0
    _busy_until: float = 0.0

    def run(self) -> float:
        self.scheduler = PageScheduler(
            self.concurrency,
            self.page_files,
            NEW_JOBS,
            high_water_mark=len(self.durations),
            is_final=True,
        )
        self.after(0, self.parent)
        while self._events:
            self.now, _, action = heapq.heappop(self._events)
            action()
        assert self.scheduler.is_done
        return self.now

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._count), action))

    def parent(self) -> None:
        """One turn of the parent's loop; a run that is being continued answers later."""
        if self.now < self._busy_until:
            self.after(self._busy_until - self.now, self.parent)
            return
        for page_id, share in self.scheduler.untold_shares().items():
            self.scheduler.told(page_id, share)
            self.after(SIGNAL_SECONDS, partial(self.grow, page_id, share))
        if self.scheduler.may_start and not (self.drains and self.scheduler.pages):
            taken = self.scheduler.next_range()
            page_id = f"{taken.first}"
            share = self.scheduler.start(page_id, taken)
            self._windows[page_id] = Window(share)
            self._dispatched += taken.last - taken.first + 1
            self.after(PLAN_SECONDS, lambda: self.plan(page_id, taken))
            if self._dispatched >= self.threshold and not self.scheduler.is_exhausted:
                self.continue_as_new()
            self.after(0, self.parent)

    def continue_as_new(self) -> None:
        if (
            any(page.is_drained for page in self.scheduler.pages.values())
            or len(self.scheduler.pages) > 1
        ):
            self.overlaps += 1
        wait = max(0.0, self._run_began + CONTINUE_AS_NEW_INTERVAL_SECONDS - self.now)
        self._busy_until = self.now + wait + CONTINUE_AS_NEW_SECONDS
        self._run_began = self._busy_until
        self._dispatched = 0
        self.runs += 1

    def plan(self, page_id: str, taken: OrdinalRange) -> None:
        weighed = [
            Weighed(n, self.guess(self.durations[n - 1]))
            for n in range(taken.first, taken.last + 1)
        ]
        self._windows[page_id].add(
            Slice(first=run[0].ordinal, last=run[-1].ordinal, files=len(run))
            for run in cut(weighed, self.concurrency, is_last=taken.last == len(self.durations))
        )
        self.pump(page_id)

    def grow(self, page_id: str, share: int) -> None:
        self._windows[page_id].grow(share)
        self.pump(page_id)

    def pump(self, page_id: str) -> None:
        window = self._windows[page_id]
        while window.may_start:
            taken = window.start()
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
            spent, result = self.work(taken)
            self.after(spent, partial(self.end, page_id, result))
        if window.is_drained:
            self._told.add(page_id)
            self.after(SIGNAL_SECONDS, partial(self.tell, page_id, window.in_flight))

    def work(self, taken: Slice) -> tuple[float, ProcessSliceResult]:
        spent = 0.0
        for ordinal in range(taken.first, taken.last + 1):
            if spent > SLICE_SECONDS:
                return spent, ProcessSliceResult(
                    remaining=OrdinalRange(first=ordinal, last=taken.last)
                )
            spent += self.durations[ordinal - 1]
        return spent, ProcessSliceResult()

    def end(self, page_id: str, result: ProcessSliceResult) -> None:
        self._in_flight -= 1
        self._windows[page_id].end(result)
        self.pump(page_id)

    def tell(self, page_id: str, slots: int) -> None:
        if page_id in self.scheduler.pages:
            if slots:
                self.scheduler.drained(page_id, slots)
            else:
                self.scheduler.ended(page_id)
        self.parent()


def greedy(durations: Sequence[float], concurrency: int) -> float:
    """Makespan of the greedy list schedule: each file to the slot that is free first."""
    slots = [0.0] * concurrency
    end = 0.0
    for seconds in durations:
        began = heapq.heappop(slots)
        heapq.heappush(slots, began + seconds)
        end = max(end, began + seconds)
    return end
