"""Who calls is decided by the head of a request: nobody's body is read before, and `ready` tells nobody where things are."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from appliance.api.app import routers
from appliance.api.caller import Guarded
from appliance.errors import AuditUnavailable
from tests.unit.api.world import World

BODIES = [
    ("POST", "/ask"),
    ("POST", "/search"),
    ("POST", "/audit/export"),
    ("PUT", "/collections/c/access/a.txt"),
    ("PUT", "/collections/c/documents/a.txt"),
]


def without_body(world: World, method: str, path: str, cookie: str = "") -> int:
    """The status of a request whose body fails the test when it is asked for."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": f"/api{path}",
        "raw_path": f"/api{path}".encode(), "query_string": b"", "root_path": "", "scheme": "http",
        "server": ("127.0.0.1", 8765), "client": ("127.0.0.1", 5), "state": {},
        "headers": [(b"host", b"127.0.0.1:8765"), (b"content-type", b"application/json"), (b"content-length", b"9999"),
                    (b"cookie", cookie.encode())],
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("the body was read")

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(world.app(scope, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize(("method", "path"), BODIES)
def test_without_a_session_no_body_is_read(world: World, method: str, path: str) -> None:
    assert without_body(world, method, path) == 401


@pytest.mark.parametrize(("method", "path"), BODIES[2:])
def test_without_the_role_no_body_is_read(world: World, method: str, path: str) -> None:
    assert without_body(world, method, path, f"sid={world.as_('yamada').cookie}") == 403


def test_every_route_decides_by_the_head() -> None:
    assert {type(route) for router in routers(demo=True) for route in router.routes} == {Guarded}


def test_malformed_json_of_nobody_is_nobodys_first(world: World) -> None:
    assert world.nobody.post("/ask", content=b"{").status_code == 401


def test_what_is_not_ready_is_named_to_administrators_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise AuditUnavailable(where="/var/lib/appliance/data/audit.db", why="disk I/O error")

    clients = {person: world.as_(person) for person in ("nobody", "yamada", "sato", "kimura", "owner")}
    monkeypatch.setattr(world.services.audit, "require_writable", broken)
    for person in ("nobody", "yamada", "sato"):
        answer = clients[person].get("/ready")
        assert (answer.status_code, answer.json()["code"]) == (503, "not-ready")
        assert "/var" not in answer.text
    for person in ("kimura", "owner"):
        answer = clients[person].get("/ready")
        assert answer.status_code == 503
        assert "/var/lib/appliance/data/audit.db" in answer.text


@pytest.mark.parametrize("key", ["..%2fx", "a%00b", "a%0a", "%0a", "a%2fb", "%2e%2e", "%ff", "a%0d%0ab", "x/y/z", "-"])
@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_whatever_is_asked_for_under_api_is_refused_with_code_and_sentence(world: World, method: str, key: str) -> None:
    for client in (world.nobody, world.as_("yamada")):
        answer = client.request(method, f"/documents/{key}")

        assert answer.status_code in (401, 404, 405)
        assert set(answer.json()) == {"code", "message", "values"}
