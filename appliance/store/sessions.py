"""Sessions: who signed in, until when. The cookie's value is a secret, so only its digest is kept."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, insert, select, update

from appliance.store.schema import SESSION

_REFERENCE = 16  # hex digits: 64 bits tell the sessions of one installation apart
_TOUCH = timedelta(seconds=30)  # `used` is written at most this often


class Sessions:
    """Opens, finds and closes sessions. A session ends after `idle` unused, after `longest` in any case."""

    def __init__(self, engine: Engine, *, idle: timedelta, longest: timedelta, clock: Callable[[], datetime]) -> None:
        self._engine, self._idle, self._longest, self._clock = engine, idle, longest, clock
        self._listeners: list[Callable[[str], None]] = []
        self._expiries: list[Callable[[str, str], None]] = []
        self._lock = threading.Lock()

    def open(self, person: str) -> str:
        """A new session; the cookie's value."""
        token = new_token()
        self.begin(person, token)
        return token

    def begin(self, person: str, token: str) -> None:
        """A new session under a value that `new_token` gave: what is recorded of it comes first."""
        self._sweep()
        now = self._now()
        with self._engine.begin() as connection:
            connection.execute(insert(SESSION).values(digest=digest(token), person=person, opened=now, used=now))

    def person(self, token: str, *, touch: bool = True) -> str | None:
        """Whose session this is, while it lasts. A look without `touch` does not prolong it."""
        now = self._now()
        with self._engine.connect() as connection:
            row = connection.execute(select(SESSION).where(SESSION.c.digest == digest(token))).one_or_none()
        if row is None:
            return None
        if now - row.used >= self._idle or now - row.opened >= self._longest:
            self._expire(row.digest, row.person)
            return None
        if touch and now - row.used >= _TOUCH:
            with self._engine.begin() as connection:
                connection.execute(update(SESSION).where(SESSION.c.digest == digest(token)).values(used=now))
        return str(row.person)

    def close(self, token: str) -> bool:
        """End a session; whether there was one. Whoever listens is told at once."""
        return self._end(digest(token))

    def _end(self, kept: str) -> bool:
        with self._engine.begin() as connection:
            ended = connection.execute(delete(SESSION).where(SESSION.c.digest == kept)).rowcount > 0
        if ended:
            for listener in self._listeners:
                listener(kept)
        return ended

    def _expire(self, kept: str, person: str) -> None:
        if self._end(kept):  # once, however many requests find it at the same moment
            for listener in self._expiries:
                listener(person, _reference(kept))

    def _sweep(self) -> None:
        """End what nobody came back to: its end belongs in the log, and its row goes."""
        now = self._now()
        over = (SESSION.c.used <= now - self._idle) | (SESSION.c.opened <= now - self._longest)
        with self._engine.connect() as connection:
            rows = connection.execute(select(SESSION.c.digest, SESSION.c.person).where(over)).all()
        for row in rows:
            self._expire(row.digest, row.person)

    def end_all_but(self, persons: Collection[str]) -> list[tuple[str, str]]:
        """End the sessions of everybody else; person and reference of each that was ended."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(SESSION.c.digest, SESSION.c.person)).all()
        return [
            (row.person, _reference(row.digest)) for row in rows if row.person not in persons and self._end(row.digest)
        ]

    def on_end(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the digest of every session that is closed, from whatever thread closes it."""
        with self._lock:
            self._listeners.append(listener)

    def on_expiry(self, listener: Callable[[str, str], None]) -> None:
        """Call `listener` with person and reference of every session that its time ended."""
        with self._lock:
            self._expiries.append(listener)

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC).replace(tzinfo=None)


def new_token() -> str:
    """A value for the cookie of a session to come: 256 random bits."""
    return secrets.token_urlsafe(32)


def reference(token: str) -> str:
    """What the log calls a session: it tells two apart, and leads to neither the cookie nor what is stored of it."""
    return _reference(digest(token))


def _reference(kept: str) -> str:
    return hashlib.sha256(f"session reference {kept}".encode()).hexdigest()[:_REFERENCE]


def digest(token: str) -> str:
    """What is stored and compared instead of the cookie: sha256, hex."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
