from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.audit.log import AuditLog
from tests.unit.audit.support import NAME, Clock, Home


@pytest.fixture
def clock() -> Clock:
    """A clock that goes on by a second a look, and can be set."""
    return Clock()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty log and its key."""
    home = Home(tmp_path / "audit.db", tmp_path / "audit.key")
    AuditLog.create(home.path, home.key_path, NAME)
    return home


@pytest.fixture
def log(home: Home, clock: Clock) -> Iterator[AuditLog]:
    """The log, open."""
    with home.open(clock) as opened:
        yield opened
