"""The private socket's server side: the same API, for commands of the installation's owner.

The kernel says who is at the other end (SO_PEERCRED); no header can.
"""

from __future__ import annotations

import socket
import struct
from asyncio import Transport
from typing import cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from appliance.api.caller import PEER

_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: struct ucred of unix(7)


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
