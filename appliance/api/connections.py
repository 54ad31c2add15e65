"""Connections have an end: whoever sends half a request, or does not read, holds a place for seconds and not for ever.

uvicorn has no deadline for a request that began and no limit of open connections. Without both, a thousand half-sent
requests use up the process's file descriptors, for the private socket too, before anybody signs in (slowloris).
"""

from __future__ import annotations

import logging
import resource
from asyncio import TimerHandle, Transport
from typing import Any, ClassVar

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

HEAD_SECONDS = 10.0  # from an open or idle connection to the end of a request's headers
BODY_SECONDS = 60.0  # for a question, a selection: 8 MiB at most
READ_SECONDS = 60.0  # without a byte of the answer taken
_DESCRIPTORS = 65_536  # more than any limit here uses
_QUIET_SECONDS = 60.0  # between two lines that say the same
_LOG = logging.getLogger(__name__)


def raise_descriptors() -> int:
    """Take as many file descriptors as this process may have; how many connections of a port they are enough for.

    Half of them: the rest is for the private socket, the stores, and connections just accepted.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return min(soft if soft != resource.RLIM_INFINITY else wanted, 4096) // 2


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 with deadlines. Its server's `limit_concurrency` bounds the open connections, new ones included.

    At the limit, the connection that has waited longest without a whole request makes room: half-sent and idle ones
    cannot keep anybody out.
    """

    body_seconds: ClassVar[float | None] = BODY_SECONDS
    _quiet_until: ClassVar[float] = 0.0

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any], **_: object) -> None:
        super().__init__(config, server_state, app_state)
        self._watched: object = None
        self._since = 0.0
        self._timer: TimerHandle | None = None
        self._reader_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # uvicorn narrows it too
        """Make room where there is none."""
        super().connection_made(transport)
        self._watch()
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """A piece of a request; the deadline is the whole part's, however small the pieces."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """The connection may bring the next request."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        super().connection_lost(exc)
        self._watched = None
        for timer in (self._timer, self._reader_timer):
            if timer is not None:
                timer.cancel()

    def pause_writing(self) -> None:
        """Whoever asked does not read."""
        super().pause_writing()
        self._reader_timer = self.loop.call_later(READ_SECONDS, self._too_slow, "the answer is not read")

    def resume_writing(self) -> None:
        """They read on."""
        super().resume_writing()
        if self._reader_timer is not None:
            self._reader_timer.cancel()

    def _watch(self) -> None:
        """Set the deadline of what the peer is at now; it runs from the moment at which they came to it."""
        state = self.conn.their_state
        if state is self._watched:
            return
        self._watched, self._since = state, self.loop.time()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if state is h11.IDLE:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._too_slow, "no whole request came")
        elif state is h11.SEND_BODY and self.body_seconds is not None:
            self._timer = self.loop.call_later(self.body_seconds, self._too_slow, "the request's body did not come")

    def _too_slow(self, why: str) -> None:
        _LOG.info("a connection was closed: %s in time", why)
        self.transport.abort()

    def _make_room(self) -> None:
        waiting = [
            other
            for other in self.connections
            if isinstance(other, BoundedProtocol) and other._watched is h11.IDLE and other is not self
        ]
        oldest = min(waiting, key=lambda other: other._since, default=self)
        if self.loop.time() >= BoundedProtocol._quiet_until:
            BoundedProtocol._quiet_until = self.loop.time() + _QUIET_SECONDS
            _LOG.warning("%d connections are open, the most there may be: some are closed", len(self.connections))
        self.connections.discard(oldest)
        oldest.transport.abort()
