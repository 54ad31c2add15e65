"""Where the API stands: everything under /api/ is its own to answer, whatever else is served beside it.

Not a router's mount: its pattern leaves out a path with a line break, and what stands beside it would refuse other
paths in its own way. Under /api/ every refusal is a Problem.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/api"


class UnderApi:
    """ASGI: `api` under /api/, `rest` for all else, which also has the lifespan."""

    def __init__(self, api: ASGIApp, rest: ASGIApp) -> None:
        self._api, self._rest = api, rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on to whom the path belongs."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX + "/"):
            scope = {**scope, "root_path": scope.get("root_path", "") + PREFIX}
            return await self._api(scope, receive, send)
        await self._rest(scope, receive, send)
