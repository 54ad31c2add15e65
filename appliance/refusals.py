"""What nobody was refused: requests without a session, under a foreign name, or from another user of the machine.

Anybody may make any number of them, so the log takes the first of each kind and source at once, and counts the rest
until the minute ends or the appliance stops.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from appliance.acts import act
from appliance.errors import AuditUnavailable
from appliance.models import Actor, AuditEvent, Json, Receipt, new_id
from appliance.protocols import AuditSink

NOBODY = Actor("nobody", "-")
SECONDS = 60.0
_MOST = 200  # sources and kinds that are told apart within a minute
_OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused request. `request` are its method and route."""

    action: str  # access.denied or session.refused
    source: str
    code: str
    status: int
    request: Mapping[str, Json]
    texts: Mapping[str, str]

    @property
    def kind(self) -> tuple[str, str, str, int]:
        """What is counted together."""
        return self.action, self.source, self.code, self.status


class _Timer(Protocol):
    def start(self) -> None: ...

    def cancel(self) -> None: ...


def _timer(seconds: float, call: Callable[[], None]) -> _Timer:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    return timer


class Refusals:
    """Counts, for one log."""

    def __init__(self, audit: AuditSink, timer: Callable[[float, Callable[[], None]], _Timer] = _timer) -> None:
        self._audit, self._make_timer = audit, timer
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str, str, int], int] = {}
        self._running: _Timer | None = None

    def submit(self, refusal: Refusal) -> Future[Receipt] | None:
        """Its event's future where it is the first of its kind, else None. Raises AuditUnavailable."""
        with self._lock:
            kind = refusal.kind
            if kind not in self._counts and len(self._counts) >= _MOST:
                kind = (refusal.action, _OTHERS, refusal.code, refusal.status)
            if kind in self._counts:
                self._counts[kind] += 1
                return None
            self._counts[kind] = 0
            if self._running is None:
                self._running = self._make_timer(SECONDS, self.flush)
                self._running.start()
        return self._audit.submit(_event(kind, 1, refusal.request, refusal.texts))

    async def note(self, refusal: Refusal) -> None:
        """`submit`, for those who refuse before the API is reached, whether the log can be written or not."""
        with suppress(AuditUnavailable):
            waiting = self.submit(refusal)
            if waiting is not None:
                await asyncio.wrap_future(waiting)

    def flush(self) -> None:
        """Record what was counted. A log that cannot be written has said so to whoever was refused."""
        with self._lock:
            counts, self._counts, self._running = self._counts, {}, None
        with suppress(AuditUnavailable):
            for waiting in [
                self._audit.submit(_event(kind, count, {"seconds": round(SECONDS)}, {}))
                for kind, count in counts.items()
                if count
            ]:
                waiting.result()

    def close(self) -> None:
        """Record what was counted, and count no more."""
        with self._lock:
            running = self._running
        if running is not None:
            running.cancel()
        self.flush()


def _event(
    kind: tuple[str, str, str, int], count: int, more: Mapping[str, Json], texts: Mapping[str, str]
) -> AuditEvent:
    action, source, code, status = kind
    details: dict[str, Json] = {"source": source, "code": code, "status": status, "count": count, **more}
    return act(action, "denied", NOBODY, new_id(), details, texts)
