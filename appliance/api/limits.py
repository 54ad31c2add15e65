"""How much one request may bring: more is refused while it comes, before it fills memory or disk."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Room for a question of two million characters, so that it is told its own limit.
JSON_BYTES = 8 << 20


class BodyTooLarge(HTTPException):
    """The framework passes exceptions of this family on where it reads a body; `problems` makes the answer."""

    def __init__(self, limit: int) -> None:
        super().__init__(413)
        self.limit = limit


class BodyLimit:
    """ASGI middleware: `upload` bytes where a document is stored, JSON_BYTES everywhere else."""

    def __init__(self, app: ASGIApp, *, upload: int) -> None:
        self._app = app
        self._upload = upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, counting what is read."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        limit = self._upload if scope["method"] == "PUT" and "/documents/" in scope["path"] else JSON_BYTES
        said = Headers(scope=scope).get("content-length", "0")
        too_much = not said.isdecimal() or int(said) > limit
        count = 0

        async def counted() -> Message:
            nonlocal count
            if too_much:
                raise BodyTooLarge(limit)
            message = await receive()
            count += len(message.get("body", b""))
            if count > limit:
                raise BodyTooLarge(limit)
            return message

        await self._app(scope, counted, send)
