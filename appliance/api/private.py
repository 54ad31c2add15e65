"""The private socket's server side: the same API, for commands of the installation's owner.

The kernel says who is at the other end (SO_PEERCRED); no header can.
"""

from __future__ import annotations

import socket
import struct
from asyncio import Transport
from typing import cast

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from appliance.api.asked import PEER, refusal_of
from appliance.api.connections import BoundedProtocol
from appliance.api.schemas import Problem
from appliance.errors import PeerRefused
from appliance.refusals import Refusals

_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: struct ucred of unix(7)


class PeerProtocol(BoundedProtocol):
    """HTTP over the private socket; the peer's uid stands where a client's address would. Documents may come slowly."""

    body_seconds = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # uvicorn narrows it too
        """Ask the kernel once a connection."""
        super().connection_made(transport)
        connection = cast(socket.socket, transport.get_extra_info("socket"))
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, uid, _ = _CREDENTIALS.unpack(raw)
        self.client = ("peer", uid)


class Private:
    """ASGI middleware for the private socket's server alone: names the owner to `api.caller`, refuses everybody else.

    Folder and socket keep others out already; what was restored with other modes must not let them in.
    """

    def __init__(self, app: ASGIApp, *, owner: int, refusals: Refusals) -> None:
        self._app = app
        self._owner = owner
        self._refusals = refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on with the owner named, or refuse with 403."""
        if scope["type"] == "http":
            uid = scope["client"][1]
            if uid != self._owner:
                error = PeerRefused(uid=uid)
                await self._refusals.note(refusal_of(scope, error, 403))
                wanted = dict(scope["headers"]).get(b"accept-language", b"")
                text = error.text("ja" if wanted.lower().startswith(b"ja") else "en")
                body = Problem(code=error.code, message=text, values=error.values)
                return await JSONResponse(body.model_dump(), 403)(scope, receive, send)
            scope[PEER] = uid
        await self._app(scope, receive, send)
