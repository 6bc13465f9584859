"""How long a slice goes on: by its own work, not by what it waits for."""

import math
import time
from collections.abc import Callable


class SliceBudget:
    """The time of one attempt at a slice; without arguments it has no end.

    Args:
        seconds: after so many, no further file is begun.
        is_stopped: whether the job takes no more work.
        is_leaving: whether whoever works stops; a first file is begun nevertheless.
    """

    def __init__(
        self,
        seconds: float = math.inf,
        is_stopped: Callable[[], bool] = lambda: False,
        is_leaving: Callable[[], bool] = lambda: False,
    ) -> None:
        self._limit = seconds
        self._is_stopped = is_stopped
        self._is_leaving = is_leaving
        self._attempt_began = time.monotonic()
        self.began: float | None = None
        """When the first process turned to the slice, on the monotonic clock."""

    @property
    def seconds(self) -> float:
        """Time since the attempt began."""
        return time.monotonic() - self._attempt_began

    def begins(self) -> bool:
        """Whether to begin one more file; each attempt begins one, so that there is progress."""
        if self.began is None:
            self.began = time.monotonic()
            return not self._is_stopped()
        return not self.is_over

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be opened."""
        is_late = self.began is not None and time.monotonic() - self.began > self._limit
        return self._is_stopped() or is_late or self._is_leaving()
