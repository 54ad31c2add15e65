"""Sessions: who signed in, until when. The cookie's value is a secret, so only its digest is kept."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, insert, select, update

from appliance.store.schema import SESSION

_TOUCH = timedelta(seconds=30)  # `used` is written at most this often


class Sessions:
    """Opens, finds and closes sessions. A session ends after `idle` unused, after `longest` in any case."""

    def __init__(self, engine: Engine, *, idle: timedelta, longest: timedelta, clock: Callable[[], datetime]) -> None:
        self._engine, self._idle, self._longest, self._clock = engine, idle, longest, clock
        self._listeners: list[Callable[[str], None]] = []
        self._lock = threading.Lock()

    def open(self, person: str) -> str:
        """A new session; the cookie's value."""
        token = secrets.token_urlsafe(32)
        now = self._now()
        with self._engine.begin() as connection:
            connection.execute(insert(SESSION).values(digest=digest(token), person=person, opened=now, used=now))
        return token

    def person(self, token: str, *, touch: bool = True) -> str | None:
        """Whose session this is, while it lasts. A look without `touch` does not prolong it."""
        now = self._now()
        with self._engine.connect() as connection:
            row = connection.execute(select(SESSION).where(SESSION.c.digest == digest(token))).one_or_none()
        if row is None:
            return None
        if now - row.used >= self._idle or now - row.opened >= self._longest:
            self.close(token)
            return None
        if touch and now - row.used >= _TOUCH:
            with self._engine.begin() as connection:
                connection.execute(update(SESSION).where(SESSION.c.digest == digest(token)).values(used=now))
        return str(row.person)

    def close(self, token: str) -> bool:
        """End a session; whether there was one. Whoever listens is told at once."""
        with self._engine.begin() as connection:
            ended = connection.execute(delete(SESSION).where(SESSION.c.digest == digest(token))).rowcount > 0
        if ended:
            for listener in self._listeners:
                listener(digest(token))
        return ended

    def on_end(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the digest of every session that is closed, from whatever thread closes it."""
        with self._lock:
            self._listeners.append(listener)

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC).replace(tzinfo=None)


def digest(token: str) -> str:
    """What is stored and compared instead of the cookie: sha256, hex."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
