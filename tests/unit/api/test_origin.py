"""Only under its own name, and only from its own pages: DNS rebinding and other sites reach nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from appliance.api.origin import ExactOrigin
from tests.unit.api.world import World

ORIGIN = "http://127.0.0.1:8765"
FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:8765",
    "localhost:8765",
    "127.0.0.1",
    "127.0.0.1:80",
    "127.0.0.1:8765.",
    "127.0.0.1.:8765",
    "127.0.0.1:8765@evil.example",
    "user@127.0.0.1:8765",
    "[::1]:8765",
    "127.0.0.1:8765, evil.example",
    "127.1:8765",
    "2130706433:8765",
    "127.0.0.1:08765",
    "",
]
FOREIGN_ORIGINS = [
    "null",
    "",
    "http://evil.example",
    "https://127.0.0.1:8765",
    "http://127.0.0.1",
    "http://127.0.0.1:8765/",
    "HTTP://127.0.0.1:8765",
    "http://127.0.0.1:8765.evil.example",
    "http://user@127.0.0.1:8765",
    "http://localhost:8765",
    "http://127.0.0.1:8765, http://evil.example",
    "file://",
]


def sent(world: World, method: str, path: str, headers: list[tuple[str, str]], **content: Any) -> httpx.Response:
    """A request with exactly these headers."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        kept = [(name, value) for name, value in scope["headers"] if name in (b"content-type", b"content-length")]
        named = [(name.encode(), value.encode()) for name, value in headers]
        await ExactOrigin(world.app, ORIGIN, world.services.refusals)({**scope, "headers": kept + named}, receive, send)

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
            return await http.request(method, f"http://x/api{path}", **content)

    return asyncio.run(send())


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
@pytest.mark.parametrize("path", ["/health", "/session/demo", "/openapi.json", "/me"])
def test_another_name_reaches_nothing(world: World, host: str, path: str) -> None:
    answer = sent(world, "GET", path, [("host", host), ("accept-language", "en")])

    assert (answer.status_code, answer.json()["code"]) == (403, "origin-refused")
    assert ORIGIN in answer.json()["message"]


def test_a_request_without_or_with_two_names_reaches_nothing(world: World) -> None:
    assert sent(world, "GET", "/health", []).status_code == 403
    assert sent(world, "GET", "/health", [("host", "127.0.0.1:8765"), ("host", "evil.example")]).status_code == 403
    assert sent(world, "GET", "/health", [("host", "127.0.0.1:8765")]).status_code == 200


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT", "PATCH"])
def test_another_sites_page_can_do_nothing(world: World, origin: str, method: str) -> None:
    headers = [("host", "127.0.0.1:8765"), ("origin", origin)]

    assert sent(world, method, "/session", headers).status_code == 403


def test_an_act_must_say_where_it_comes_from(world: World) -> None:
    own = [("host", "127.0.0.1:8765"), ("origin", ORIGIN)]
    body = {"person": "yamada"}

    assert sent(world, "POST", "/session/demo", own[:1], json=body).status_code == 403
    assert sent(world, "POST", "/session/demo", [*own, ("origin", "http://evil.example")], json=body).status_code == 403
    assert sent(world, "POST", "/session/demo", own, json=body).status_code == 204
    assert sent(world, "GET", "/session/demo", own[:1]).status_code == 200


@pytest.mark.parametrize(("language", "word"), [("ja-JP", "ではありません"), ("en", "is not this appliance's address")])
def test_the_refusal_is_said_in_the_callers_language(world: World, language: str, word: str) -> None:
    answer = sent(world, "GET", "/health", [("host", "evil.example"), ("accept-language", language)])

    assert word in answer.json()["message"]


def test_a_websocket_from_another_page_is_closed_before_it_opens(world: World) -> None:
    messages: list[dict[str, Any]] = []

    async def run() -> None:
        async def send(message: Any) -> None:
            messages.append(message)

        scope = {"type": "websocket", "headers": [(b"host", b"127.0.0.1:8765"), (b"origin", b"http://evil.example")]}
        await ExactOrigin(world.app, ORIGIN, world.services.refusals)(scope, None, send)  # type: ignore[arg-type]

    asyncio.run(run())

    assert messages == [{"type": "websocket.close", "code": 4403}]
