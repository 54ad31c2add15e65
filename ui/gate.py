"""Nothing of the portal without a session: no page, no websocket, no file of Streamlit's; and none after it ended.

The gate lists what may be reached. What is not listed is 404 with a session, and the sign-in page (for pages) or 401
(for the rest) without one. An open page's websocket is closed with 4401 as soon as its session has ended; shell.js then
replaces the page, so that its content does not stay on the screen.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SESSION_COOKIE = "sid"
SESSION_ENDED = 4401
RECHECK_SECONDS = 15.0  # an expiry by time sends no message

# Open to everybody: the API (which authenticates each call itself), the way in, and the files the sign-in page needs.
PUBLIC = ("/api/", "/assets/", "/lang/")
PUBLIC_PATHS = frozenset({"/signin", "/signout", "/favicon.ico", "/favicon.png"})
PAGES = frozenset({"/", "/documents", "/audit"})
# Of Streamlit only what our pages use: no uploads, no metrics, no agent interface.
STREAMLIT = ("/static/", "/media/", "/_stcore/bidi-components/")
STREAMLIT_PATHS = frozenset({"/_stcore/health", "/_stcore/host-config"})
OWN_PATHS = frozenset({"/audit/export"})
SOCKET_PATH = "/_stcore/stream"


class Sessions(Protocol):
    """What the gate must know about sessions; the API's wiring provides it."""

    def alive(self, cookie: str) -> bool:
        """Whether this cookie belongs to a session that has not ended. Called from worker threads."""

    def on_end(self, listener: Callable[[], None]) -> None:
        """Call `listener`, from any thread, whenever some session has ended."""


def session_cookie(connection: HTTPConnection) -> str:
    """The value of the session cookie; empty without one, and when there are two (one of them is not ours)."""
    named = [
        pair.partition("=")[2].strip()
        for header in connection.headers.getlist("cookie")
        for pair in header.split(";")
        if pair.partition("=")[0].strip() == SESSION_COOKIE
    ]
    return named[0] if len(named) == 1 else ""


@dataclass(eq=False, slots=True)
class _OpenPage:
    """A websocket that was let through."""

    cookie: str
    loop: asyncio.AbstractEventLoop
    recheck: asyncio.Event = field(default_factory=asyncio.Event)


class Gate:
    """ASGI middleware around Streamlit and our own routes."""

    def __init__(self, app: ASGIApp, *, sessions: Sessions) -> None:
        self.app = app
        self._sessions = sessions
        self._pages: set[_OpenPage] = set()
        sessions.on_end(self._some_session_ended)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may be reached; answer the rest here."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path in PUBLIC_PATHS or path.startswith(PUBLIC):
            return await self.app(scope, receive, send)
        cookie = session_cookie(HTTPConnection(scope))
        if not await self._alive(cookie):
            way_in = "/signin?expired" if cookie else "/signin"
            answer = (
                RedirectResponse(way_in, 303) if path in PAGES and scope["method"] == "GET" else Response(None, 401)
            )
            return await answer(scope, receive, send)
        if path in PAGES | STREAMLIT_PATHS | OWN_PATHS or path.startswith(STREAMLIT):
            return await self.app(scope, receive, send)
        # Streamlit would answer any unknown path with its own page and 200.
        await Response(None, 404)(scope, receive, send)

    async def _alive(self, cookie: str) -> bool:
        return bool(cookie) and await run_in_threadpool(self._sessions.alive, cookie)

    def _some_session_ended(self) -> None:
        for page in tuple(self._pages):
            page.loop.call_soon_threadsafe(page.recheck.set)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        cookie = session_cookie(HTTPConnection(scope))
        if scope["path"] != SOCKET_PATH or not await self._alive(cookie):
            # Accepted first: only then does the browser's script see the code.
            await receive()
            await send({"type": "websocket.accept"})
            return await send({"type": "websocket.close", "code": SESSION_ENDED})
        page = _OpenPage(cookie, asyncio.get_running_loop())
        self._pages.add(page)
        watch = _Watch(page, self._alive, receive, send)
        try:
            await self.app(scope, watch.receive, watch.send)
        finally:
            self._pages.discard(page)
            watch.stop()


class _Watch:
    """Stands between Streamlit and one websocket, and closes it when its session has ended."""

    def __init__(self, page: _OpenPage, alive: Callable[[str], Awaitable[bool]], receive: Receive, send: Send) -> None:
        self._page = page
        self._alive = alive
        self._receive = receive
        self._send = send
        self._pending: asyncio.Task[Message] | None = None
        self._checked = time.monotonic()
        self._closed = False

    async def receive(self) -> Message:
        """The browser's next message, or a disconnect once the session has ended."""
        while not self._closed:
            if self._pending is None:
                self._pending = asyncio.ensure_future(_message(self._receive))
            await self._message_or_recheck(self._pending)
            if self._due() and not await self._still_alive():
                self._closed = True
                await self._send({"type": "websocket.close", "code": SESSION_ENDED})
            elif self._pending.done():
                message, self._pending = self._pending.result(), None
                return message
        return {"type": "websocket.disconnect", "code": SESSION_ENDED}

    async def send(self, message: Message) -> None:
        """To the browser, unless the websocket was closed here."""
        if not self._closed:
            await self._send(message)

    def stop(self) -> None:
        """Forget the message that is still waited for."""
        if self._pending is not None:
            self._pending.cancel()

    async def _message_or_recheck(self, pending: asyncio.Task[Message]) -> None:
        recheck = asyncio.ensure_future(self._page.recheck.wait())
        await asyncio.wait({pending, recheck}, timeout=RECHECK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        recheck.cancel()

    def _due(self) -> bool:
        return self._page.recheck.is_set() or time.monotonic() - self._checked >= RECHECK_SECONDS

    async def _still_alive(self) -> bool:
        self._page.recheck.clear()
        self._checked = time.monotonic()
        return await self._alive(self._page.cookie)


async def _message(receive: Receive) -> Message:
    return await receive()
