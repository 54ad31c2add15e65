"""The private socket: the same API for commands of the installation's owner, over a Unix socket in a 0700 folder.

The kernel says who is at the other end (SO_PEERCRED); no header can. The socket is named by way of the folder's file
descriptor, since a Unix socket's path may have 107 bytes only.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from asyncio import Transport
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from appliance.api.caller import PEER

FOLDER, SOCKET, LOCK = "run", "api.sock", "api.lock"
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: struct ucred of unix(7)


@contextmanager
def socket_path(home: Path) -> Iterator[str]:
    """A short path to the private socket of this installation, valid inside the block."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)


@contextmanager
def ownership(home: Path) -> Iterator[bool]:
    """Whether this process is the one that serves the installation, held until the block ends."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
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


class PeerProtocol(H11Protocol):
    """HTTP over the private socket; the peer's uid stands where a client's address would."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # uvicorn narrows it too
        """Ask the kernel once a connection."""
        super().connection_made(transport)
        connection = cast(socket.socket, transport.get_extra_info("socket"))
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, uid, _ = _CREDENTIALS.unpack(raw)
        self.client = ("peer", uid)


class Private:
    """ASGI middleware for the private socket's server alone: names the peer to `api.caller`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on with the peer named."""
        if scope["type"] == "http":
            scope[PEER] = scope["client"][1]
        await self._app(scope, receive, send)
