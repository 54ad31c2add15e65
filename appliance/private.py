"""Where an installation's private socket is, and which one process serves it.

A 0700 folder holds the socket and a lock. The socket is named through the folder's file descriptor, since the path of a
Unix socket may have 107 bytes only. Nothing that is slow to load: every command comes through here.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.errors import HomeUnusable

FOLDER, SOCKET, LOCK = "run", "api.sock", "api.lock"


@contextmanager
def socket_path(home: Path) -> Iterator[str]:
    """A short path to the private socket of this installation, valid inside the block."""
    folder = home / FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise HomeUnusable(path=folder, why=error.strerror or error) from error
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)


@contextmanager
def ownership(home: Path) -> Iterator[bool]:
    """Whether this process is the one that serves the installation, held until the block ends."""
    folder = home / FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        opened = (folder / LOCK).open("w")
    except OSError as error:
        raise HomeUnusable(path=error.filename or folder, why=error.strerror or error) from error
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def listening(home: Path) -> Iterator[socket.socket]:
    """The bound private socket; whoever calls owns the installation."""
    with socket_path(home) as path, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as bound:
        Path(path).unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            bound.bind(path)
        finally:
            os.umask(mask)
        bound.listen(128)
        try:
            yield bound
        finally:
            Path(path).unlink(missing_ok=True)
