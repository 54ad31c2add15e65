"""Views of the log that a page draws again by itself: the portal asks for its list and its case at every press.

The same selection by the same session stands in the log once in ten minutes. A caller without a session (the command
line) stands in it every time.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import Depends, Request

from appliance.models import Json

_SECONDS = 600.0
_MOST = 1000  # views that are remembered


class Views:
    """What was looked at by whom, a little while ago."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], float] = {}

    def known(self, session: str, selected: Mapping[str, Json]) -> bool:
        """Whether a view of this selection by this session was recorded recently."""
        now, view = self._clock(), _view(session, selected)
        with self._lock:
            return bool(session) and now - self._seen.get(view, now - _SECONDS) < _SECONDS

    def remember(self, session: str, selected: Mapping[str, Json]) -> None:
        """It was recorded: called when the log has it, so that a log that cannot be written hides no view."""
        with self._lock:
            if len(self._seen) >= _MOST:
                self._seen.clear()  # at worst a view is recorded twice
            self._seen[_view(session, selected)] = self._clock()


def _view(session: str, selected: Mapping[str, Json]) -> tuple[str, str]:
    return session, json.dumps(selected, sort_keys=True)


def views_of(request: Request) -> Views:
    """The views of the running application."""
    views: Views = request.app.state.views
    return views


Seen = Annotated[Views, Depends(views_of)]
