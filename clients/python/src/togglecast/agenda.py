"""Jobs that one thread does, one after the other."""
from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from typing import Callable, List, Optional, Tuple

log = logging.getLogger("togglecast")
Job = Callable[[], None]


class Agenda:
    """A thread and its jobs, in the order of their times. All calls are safe from every thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._changed = threading.Condition()
        self._jobs: List[Tuple[float, int, Job]] = []
        self._numbers = itertools.count()
        self._thread: Optional[threading.Thread] = None
        self._last = False

    def add(self, job: Job, after: float = 0) -> int:
        """Does the job, after so many seconds. The thread begins with the first one. Answers a number for `cancel`."""
        with self._changed:
            number = next(self._numbers)
            if self._last:
                return number
            heapq.heappush(self._jobs, (time.monotonic() + after, number, job))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify()
            return number

    def cancel(self, number: Optional[int]) -> None:
        with self._changed:
            self._jobs = [one for one in self._jobs if one[1] != number]
            heapq.heapify(self._jobs)

    def end(self) -> None:
        """Does what is due, and nothing more."""
        with self._changed:
            self._last = True
            self._changed.notify()

    @property
    def mine(self) -> bool:
        """Is this the thread that does the jobs?"""
        return self._thread is threading.current_thread()

    def join(self, patience: float) -> None:
        if self._thread is not None and not self.mine:
            self._thread.join(patience)

    def _next(self) -> Optional[Job]:
        with self._changed:
            while True:
                wait = self._jobs[0][0] - time.monotonic() if self._jobs else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._jobs)[2]
                if self._last:
                    return None
                self._changed.wait(wait)

    def _run(self) -> None:
        while True:
            job = self._next()
            if job is None:
                return
            try:
                job()
            except Exception:
                log.exception("a job of %s failed", self._name)
