"""Real trees in real folders, and a user whom permissions bind even where the tests run as root."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

NOBODY = 65534
LARGEST = 200 << 20  # bytes


@pytest.fixture
def root() -> Iterator[Path]:
    """An empty folder that every user may enter; pytest's own is closed to all but its owner."""
    folder = Path(tempfile.mkdtemp(prefix="collection-")).resolve()
    folder.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def unprivileged() -> Callable[[], AbstractContextManager[None]]:
    """Root passes every permission check: within this, the process has the rights of nobody."""

    @contextmanager
    def rights_of_nobody() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)

    return rights_of_nobody
