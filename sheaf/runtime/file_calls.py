"""Calls to file systems that may never return, as those to a mount whose server is gone.

The thread in such a call cannot be ended. So it is not waited for beyond `stall_seconds` without a
step forward: whoever called gets an error that passes, and the thread is left behind, one of a
bounded number. Each place has its own: where all of them hang, the place is not asked any more
until one returns, and other places go on. When too many hang in one process, it ends in good order
and is started again, which is the only way to be rid of them.
"""

import asyncio
import errno
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

import structlog
from prometheus_client import Gauge

Value = TypeVar("Value")

log = structlog.get_logger(__name__)

STALL_SECONDS = 60.0
PLACE_THREADS = 16
"""Threads in calls to one place at once, and so the most that it can hold for ever."""
MOST_HUNG = 32
"""Threads that a process may lose before it ends."""

_ASKING = "whether it answers"

_HUNG = Gauge("sheaf_hung_file_calls", "Calls to file systems that have not returned in time")


class StalledError(OSError):
    """A call to a file system did not come forward in time. It passes, or an operator sees to it.

    Args:
        message: what was called, and for how long.
    """

    def __init__(self, message: str) -> None:
        super().__init__(errno.ETIMEDOUT, message)


class Step:
    """How far a call has come, told by its thread.

    Args:
        place: what it calls; what hangs at another place does not matter to it.
    """

    def __init__(self, calls: "FileCalls", place: str) -> None:
        self._calls = calls
        self.place = place
        self.name = ""
        self.moved_at = time.monotonic()

    def moved(self) -> None:
        """Say that bytes or entries came, so that the time begins anew."""
        self.moved_at = time.monotonic()

    def at(self, name: str) -> None:
        """Say what is called next, before it is.

        Raises:
            StalledError: the same call of before still hangs, for some more time yet: another
                thread would hang beside it.
        """
        self._calls.await_return(self.place, name)
        self.name = name
        self.moved()


class FileCalls:
    """Runs blocking calls in threads that it may lose.

    Args:
        stall_seconds: the longest time between two steps of a call.
        place_threads: most threads of one place.
        most_hung: threads that may be lost.
    """

    def __init__(
        self,
        stall_seconds: float = STALL_SECONDS,
        place_threads: int = PLACE_THREADS,
        most_hung: int = MOST_HUNG,
    ) -> None:
        self.stall_seconds = stall_seconds
        self.most_hung = most_hung
        self._place_threads = place_threads
        self._lock = threading.Lock()
        self._idle: list[SimpleQueue[_Call]] = []
        self._running: defaultdict[str, int] = defaultdict(int)
        """Threads in calls to each place, with those that hang."""
        self._waiting: defaultdict[str, list[_Call]] = defaultdict(list)
        self._hung: dict[_Call, threading.Event] = {}

    @property
    def hung(self) -> list[str]:
        """The places and names of the calls that hang."""
        return sorted(_step_name(call.step) for call in list(self._hung))

    @property
    def is_exhausted(self) -> bool:
        """Whether so many threads hang that the process had better end."""
        return len(self._hung) >= self.most_hung

    async def run(self, place: str, work: Callable[[Step], Value]) -> Value:
        """Return what `work` returns, run in a thread.

        A caller that is cancelled leaves the thread to itself, as `asyncio.to_thread` does.

        Args:
            place: what shares its fate, such as a mount or the folder of a store.
            work: tells the step that it is given how it comes forward.

        Raises:
            StalledError: it has come no step forward for too long, or no thread of the place has
                become free for as long.
        """
        call = _Call(self, Step(self, place), work, asyncio.get_running_loop())
        with self._lock:
            is_full = self._running[place] >= self._place_threads
            hung = sum(one.step.place == place for one in self._hung)
            if hung >= self._place_threads:
                raise StalledError(f"{place}: {hung} earlier calls to it have not returned")
            if is_full:
                self._waiting[place].append(call)
            else:
                self._begin(call)
        call.watch()
        result: Value = await call.future
        return result

    async def ask(self, place: str, look: Callable[[], object]) -> None:
        """Ask whether a place answers at all.

        Raises:
            StalledError: it does not.
        """
        self.refuse_silent(place)

        def asked(step: Step) -> None:
            step.at(_ASKING)
            look()

        await self.run(place, asked)

    def refuse_silent(self, place: str) -> None:
        """Refuse to call a place of which the question whether it answers still hangs.

        Raises:
            StalledError: it does.
        """
        steps = [call.step for call in list(self._hung)]
        if any(step.place == place and step.name == _ASKING for step in steps):
            raise StalledError(f"{place} was asked whether it answers, and has not answered yet")

    def await_return(self, place: str, name: str) -> None:
        """Wait in a thread for a call of this name that hangs; StalledError if it goes on to.

        Half as long as for a new one: this wait is a call itself, which must not be left behind.
        """
        for call, returned in list(self._hung.items()):
            is_same = call.step.place == place and call.step.name == name
            if is_same and name and not returned.wait(self.stall_seconds / 2):
                raise StalledError(f"{_step_name(call.step)} has not returned since it was called")

    def lose(self, call: "_Call") -> bool:
        """Leave a call behind that has come no step forward; False if it just has."""
        place = call.step.place
        with self._lock:
            if call.has_returned or call.step.moved_at + self.stall_seconds > time.monotonic():
                return False
            if not call.has_begun:
                self._waiting[place].remove(call)
                return True
            self._hung[call] = threading.Event()
        _HUNG.set(len(self._hung))
        log.error(
            "a call to a file system does not return",
            call=_step_name(call.step),
            seconds=self.stall_seconds,
            hung=len(self._hung),
            most_hung=self.most_hung,
        )
        return True

    def _begin(self, call: "_Call") -> None:
        self._running[call.step.place] += 1
        call.step.moved()
        call.has_begun = True
        queue: SimpleQueue[_Call] | None = self._idle.pop() if self._idle else None
        if queue is None:
            queue = SimpleQueue()
            # A daemon: one that hangs must not keep the interpreter from its end.
            threading.Thread(target=self._work, args=(queue,), daemon=True, name="files").start()
        queue.put(call)

    def _work(self, queue: "SimpleQueue[_Call]") -> None:
        while True:
            call = queue.get()
            call.run()
            self._returned(call, queue)
            del call

    def _returned(self, call: "_Call", queue: "SimpleQueue[_Call]") -> None:
        place = call.step.place
        with self._lock:
            call.has_returned = True
            returned = self._hung.pop(call, None)
            self._idle.append(queue)
            self._running[place] -= 1
            if not self._running[place]:
                del self._running[place]
            waiting = self._waiting.pop(place, [])
            if waiting:
                self._begin(waiting.pop(0))
            if waiting:
                self._waiting[place] = waiting
        if returned is not None:
            returned.set()
            _HUNG.set(len(self._hung))
            log.info("a call to a file system has returned at last", call=_step_name(call.step))


class _Call:
    """One call, between the loop that waits for it and the thread that makes it."""

    def __init__(
        self,
        calls: FileCalls,
        step: Step,
        work: Callable[[Step], Any],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.step = step
        self.future: asyncio.Future[Any] = loop.create_future()
        self.has_begun = False
        self.has_returned = False
        self._calls = calls
        self._work = work
        self._loop = loop

    def watch(self) -> None:
        """Look after it as long as it may stall; in the loop."""
        left = self.step.moved_at + self._calls.stall_seconds - time.monotonic()
        if left > 0 or not self._calls.lose(self):
            self._watch = self._loop.call_later(max(left, 0.01), self.watch)
        elif not self.future.done():
            seconds = f"{self._calls.stall_seconds:g} s"
            self.future.set_exception(
                StalledError(f"{_step_name(self.step)}: no answer for {seconds}")
            )

    def run(self) -> None:
        """Make the call and tell the loop, if it still runs; in the thread."""
        value = error = None
        if not self.future.done():
            try:
                value = self._work(self.step)
            except BaseException as raised:  # noqa: BLE001 - of the caller
                error = raised
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._tell, value, error)

    def _tell(self, value: Any, error: BaseException | None) -> None:
        self._watch.cancel()
        if self.future.done():
            return
        if error is None:
            self.future.set_result(value)
        else:
            self.future.set_exception(error)


def _step_name(step: Step) -> str:
    return f"{step.place} ({step.name})" if step.name else step.place


FILE_CALLS = FileCalls()
"""Those of this process, as it has one default executor; its settings are set where it begins."""
