"""What every test can use: a clean environment, short folders for sockets, a browser."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.services.chromium import chromium

# A developer's own installation must not leak into tests: they say themselves which one they mean.
for name in [name for name in os.environ if name.startswith("APPLIANCE_")]:
    del os.environ[name]


@pytest.fixture
def short_path() -> Iterator[Path]:
    """An empty folder with a short name: the path of a Unix socket has at most 107 bytes (sockaddr_un)."""
    folder = Path(tempfile.mkdtemp(prefix="a", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


# While Playwright runs, its event loop does: a test of another file in this process could not start one of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a file; take a context of your own from it."""
    with chromium() as started:
        yield started
