"""Which requests are ours at all: exact Host, exact Origin; and the headers that every response carries.

Host is compared because a foreign name that resolves to this machine (DNS rebinding) must reach nothing. Origin is
required on websockets and on every method that may change something, so no other site can act with a person's cookie.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from appliance.errors import OriginRefused

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORBIDDEN_ORIGIN = 4403

# 'unsafe-inline' is for styles only: Streamlit's style library writes <style> elements. Scripts come from files of
# this origin, never from the page, from blob: or from another host.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self'",
        "media-src 'self'",
        "frame-src 'none'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)
SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not no-referrer: with it a browser sends `Origin: null` on our own forms, and they would be refused.
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
CACHEABLE = ("/static/", "/assets/")
# What is told of every refusal here, before it is answered: the audit log takes it (ui/serve.py).
Refused = Callable[[Scope, OriginRefused, int], Awaitable[None]]


class SecurityHeaders:
    """ASGI middleware: the policy on every response, and no-store on whatever is not a file of the program."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; complete the headers of its response."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        program = scope["path"].startswith(CACHEABLE)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(SECURITY_HEADERS)
                if not program and "no-store" not in headers.get("cache-control", ""):
                    headers["cache-control"] = "no-store"
                del headers["server"]
            await send(message)

        await self.app(scope, receive, send_with_headers)


class ExactAddress:
    """ASGI middleware: refuses a request under another Host, and an acting one without our exact Origin."""

    def __init__(self, app: ASGIApp, *, origin: str, host: str, refused: Refused) -> None:
        self.app = app
        self._origin = origin
        self._host = host
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it with 421 (Host) or 403 (Origin)."""
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if hosts != [self._host]:
            return await self._refuse(scope, receive, send, ", ".join(hosts) or "-", 421)
        acting = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        if acting and origins != [self._origin]:
            return await self._refuse(scope, receive, send, ", ".join(origins) or "-", 403)
        await self.app(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, name: str, status: int) -> None:
        refusal = OriginRefused(name=name, address=self._origin)
        await self._refused(scope, refusal, status)
        if scope["type"] == "websocket":
            # Before it is accepted, a close becomes a plain 403.
            return await send({"type": "websocket.close", "code": FORBIDDEN_ORIGIN})
        body = f"{refusal.text('ja')}\n{refusal.text('en')}\n"
        await PlainTextResponse(body, status)(scope, receive, send)
