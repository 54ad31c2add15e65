"""Host and Origin, exactly: a browser that was led here under another name is refused before anything is read.

A private socket has no name, so this guards the TCP side only. Requests that change something must say where they come
from; a browser always does, and our own clients do too.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from appliance.api.asked import refusal_of
from appliance.api.schemas import Problem
from appliance.errors import OriginRefused
from appliance.models import Language
from appliance.refusals import Refusals

_SAFE = {"GET", "HEAD", "OPTIONS"}


class ExactOrigin:
    """ASGI middleware: `origin` is scheme, host and port as browsers must name them."""

    def __init__(self, app: ASGIApp, origin: str, refusals: Refusals) -> None:
        self._app = app
        self._refusals = refusals
        self._origin = origin
        self._host = urlsplit(origin).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it with 403 (a websocket: close before accepting)."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        refused = self._refused(scope)
        if refused is None:
            return await self._app(scope, receive, send)
        error = OriginRefused(name=refused, address=self._origin)
        await self._refusals.note(refusal_of(scope, error, 403))
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 4403})
        language: Language = "ja" if Headers(scope=scope).get("accept-language", "").lower().startswith("ja") else "en"
        body = Problem(code=error.code, message=error.text(language), values=error.values)
        await JSONResponse(body.model_dump(), 403)(scope, receive, send)

    def _refused(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if hosts != [self._host]:
            return ", ".join(hosts) or "-"
        if not origins:
            needs_one = scope["type"] == "websocket" or scope["method"] not in _SAFE
            return "-" if needs_one else None
        return None if origins == [self._origin] else ", ".join(origins)
