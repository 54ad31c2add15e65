"""Who is answered when: at most so many questions a person at once, and so many together, in the order they came.

A question costs seconds of a core. Without this, one person's questions in parallel would be everybody's wait. Places
are handed over under a lock and waited for as futures: callers may run in event loops of their own.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager

from appliance.errors import AnswerTooSlow, TooManyQuestions

RETRY_SECONDS = 5  # what a refusal asks to wait: an answer is usually written by then


class Admission:
    """Counts each person's questions and hands out the places to work on one.

    `seconds` bounds a question from its first wait to its last word.
    """

    def __init__(self, *, a_person: int, at_once: int, seconds: float) -> None:
        self._a_person, self._free, self._seconds = a_person, at_once, seconds
        self._asked: Counter[str] = Counter()
        self._waiting: deque[Future[None]] = deque()
        self._lock = threading.Lock()

    def enter(self, person: str) -> None:
        """Count a question. Raises TooManyQuestions; whoever returns calls `leave` once."""
        with self._lock:
            if self._asked[person] >= self._a_person:
                raise TooManyQuestions(limit=self._a_person, seconds=RETRY_SECONDS)
            self._asked[person] += 1

    def leave(self, person: str) -> None:
        """A question has ended, however it ended."""
        with self._lock:
            self._asked[person] -= 1
            if not self._asked[person]:
                del self._asked[person]

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place to work, in turn. Raises AnswerTooSlow when waiting and work together took too long."""
        try:
            async with asyncio.timeout(self._seconds):
                mine = self._queue()
                try:
                    await asyncio.wrap_future(mine)
                    yield
                finally:
                    self._give_back(mine)
        except TimeoutError as error:
            raise AnswerTooSlow(seconds=round(self._seconds)) from error

    def _queue(self) -> Future[None]:
        mine: Future[None] = Future()
        with self._lock:
            if self._free:
                self._free -= 1
                mine.set_result(None)
            else:
                self._waiting.append(mine)
        return mine

    def _give_back(self, mine: Future[None]) -> None:
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)  # gave up before its turn
                return
            if mine.cancelled():
                return  # cancelled by its waiter in the moment it was passed over: nothing was handed to it
            while self._waiting:
                following = self._waiting.popleft()
                if following.set_running_or_notify_cancel():
                    following.set_result(None)
                    return
            self._free += 1
