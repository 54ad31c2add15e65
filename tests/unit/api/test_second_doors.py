"""Nobody becomes somebody else by what a request says: no body, header, cookie or socket of theirs names the caller."""

from __future__ import annotations

import os
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from sqlalchemy import text

from appliance.api.private import PeerProtocol, Private
from appliance.store.sessions import Sessions, digest, reference
from tests.unit.api.world import Client, World

CLAIMS = {
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-user": "suzuki",
    "x-remote-user": "suzuki",
    "remote-user": "suzuki",
    "x-real-ip": "127.0.0.1",
    "forwarded": "for=127.0.0.1;by=owner",
    "appliance.peer": str(os.getuid()),
    "appliance-peer": str(os.getuid()),
    "peer": str(os.getuid()),
    "x-user": "owner",
    "x-groups": "g-hr",
    "authorization": "Bearer owner",
    "x-api-key": "owner",
}


@pytest.mark.parametrize("path", ["/me", "/documents", "/doctor", "/audit/events", "/groups"])
def test_no_header_signs_anybody_in(world: World, path: str) -> None:
    assert world.nobody.get(path, headers=CLAIMS).status_code == 401


def test_no_header_changes_who_one_is(world: World) -> None:
    client = world.as_("yamada")

    assert client.get("/me", headers=CLAIMS).json()["id"] == "yamada"
    assert client.get("/doctor", headers=CLAIMS).status_code == 403


@pytest.mark.parametrize("claim", ["user", "asker", "groups", "principal", "roles", "peer", "appliance.peer", "access"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/ask", {"question": "質問です"}),
        ("/search", {"query": "質問です"}),
        ("/session/demo", {"person": "yamada"}),
    ],
)
def test_a_body_that_claims_something_is_refused(world: World, path: str, body: dict[str, Any], claim: str) -> None:
    client = world.as_("yamada")
    size = world.size()

    answer = client.post(path, json={**body, claim: "suzuki"})

    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")
    assert claim in answer.json()["values"]["field"]
    # Signing in is nobody's act: it is counted (test_refusals.py).
    assert path == "/session/demo" or world.refused(size) == [("request.failed", 422, "request-invalid")]


def test_the_owners_identity_needs_the_owners_socket(world: World) -> None:
    assert Client(world.app, client=("peer", os.getuid())).get("/groups").status_code == 401
    assert Client(world.private, client=("peer", os.getuid())).get("/groups").status_code == 200


def test_another_user_on_the_private_socket_is_refused_everywhere(world: World) -> None:
    stranger = Client(world.private, client=("peer", os.getuid() + 1))

    for path in ("/health", "/groups", "/session/demo", "/openapi.json"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "peer-refused")


def test_an_ended_session_on_the_private_socket_is_not_the_owner(world: World) -> None:
    cookie = world.as_("suzuki").cookie
    on_socket = Client(world.private, cookie, client=("peer", os.getuid()))
    assert on_socket.get("/me").json()["id"] == "suzuki"

    on_socket.request("DELETE", "/session")

    assert on_socket.get("/me").status_code == 401
    assert on_socket.get("/groups").status_code == 401
    assert Client(world.private, "", client=("peer", os.getuid())).get("/groups").status_code == 401


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_the_kernel_names_the_peer(short_path: Path, world: World) -> None:
    """A process of another user, let through to the socket by wrong modes, is refused by its credentials."""
    short_path.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(short_path / "s"))
        (short_path / "s").chmod(0o666)
        bound.listen()
        config = uvicorn.Config(
            Private(world.app, owner=0, refusals=world.services.refusals),
            http=PeerProtocol,
            log_config=None,
            lifespan="off",
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        try:
            ours, strangers = (_asked_as(user, str(short_path / "s")) for user in (0, 65534))
        finally:
            server.should_exit = True
            thread.join()

    assert ours.startswith(b"HTTP/1.1 200"), ours
    assert strangers.startswith(b"HTTP/1.1 403"), strangers
    assert b"uid 65534" in strangers


def _asked_as(user: int, path: str) -> bytes:
    """What a child process of this user is answered. Forked: the interpreter's file need not be theirs to run."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setresuid(user, user, user)
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(path)
                connection.sendall(b"GET /api/groups HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                while piece := connection.recv(65536):
                    os.write(write, piece)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        data = answer.read()
    os.waitpid(child, 0)
    return data


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_the_cookie_is_hidden_from_scripts_and_other_sites(world: World) -> None:
    answer = world.nobody.post("/session/demo", json={"person": "yamada"})

    flags = [flag.strip().lower() for flag in answer.headers["set-cookie"].split(";")][1:]
    assert set(flags) == {"httponly", "samesite=lax", "path=/"}


def test_with_https_the_cookie_is_secure(world: World) -> None:
    from dataclasses import replace

    from appliance.api.app import create_app
    from tests.unit.api.world import mounted

    settings = world.services.settings.model_copy(update={"public_url": "https://127.0.0.1"})
    app = mounted(create_app(replace(world.services, settings=settings)))

    answer = Client(app).post("/session/demo", json={"person": "yamada"})

    assert "secure" in answer.headers["set-cookie"].lower()


def test_only_a_digest_of_the_cookie_is_stored(world: World) -> None:
    cookie = world.as_("yamada").cookie or ""

    with world.services.registry.engine.connect() as connection:
        rows = connection.execute(text("select * from session")).all()

    assert digest(cookie) in [row.digest for row in rows]
    assert all(cookie not in str(tuple(row)) for row in rows)
    data = world.services.settings.data
    assert all(cookie.encode() not in file.read_bytes() for file in data.glob("*.db*"))


def test_signing_in_always_gives_a_new_value(world: World) -> None:
    first = world.as_("yamada")

    second = Client(world.app, first.cookie).post("/session/demo", json={"person": "suzuki"})
    chosen = Client(world.app, "chosen-by-somebody").post("/session/demo", json={"person": "suzuki"})

    given = [answer.headers["set-cookie"].split(";")[0].removeprefix("sid=") for answer in (second, chosen)]
    assert len({first.cookie, *given, "chosen-by-somebody"}) == 4
    assert all(len(value) >= 43 for value in given)
    assert Client(world.app, "chosen-by-somebody").get("/me").status_code == 401
    assert first.get("/me").json()["id"] == "yamada", "the old one lasts until it is signed out"
    first.request("DELETE", "/session")
    assert first.get("/me").status_code == 401
    assert Client(world.app, given[0]).get("/me").json()["id"] == "suzuki"


def test_two_session_cookies_are_none(world: World) -> None:
    mine, other = world.as_("yamada").cookie, world.as_("suzuki").cookie

    for cookies in (f"sid={mine}; sid={other}", f"sid={mine}; sid={mine}", f"sid={mine}; sid=", f"sid; sid={mine}"):
        assert world.nobody.get("/me", headers={"cookie": cookies}).status_code == 401, cookies
    both = [("cookie", f"sid={mine}"), ("cookie", f"sid={other}"), ("accept-language", "en")]
    assert _with_headers(world, both) == 401
    assert world.nobody.get("/me", headers={"cookie": f"a=b; sid={mine}; lang=ja"}).status_code == 200


def _with_headers(world: World, headers: list[tuple[str, str]]) -> int:
    import asyncio

    import httpx

    async def send() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(world.app)) as http:
            return (await http.get("http://x/api/me", headers=headers)).status_code

    return asyncio.run(send())


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clocked(world: World) -> tuple[Sessions, Clock, list[str]]:
    """Sessions on a clock of the test's, and whose sessions it ended."""
    clock, ended = Clock(), list[str]()
    sessions = Sessions(
        world.services.registry.engine, idle=timedelta(minutes=60), longest=timedelta(hours=10), clock=clock
    )
    sessions.on_expiry(lambda person, _: ended.append(person))
    return sessions, clock, ended


def test_a_session_ends_when_it_is_not_used(clocked: tuple[Sessions, Clock, list[str]]) -> None:
    sessions, clock, ended = clocked
    token = sessions.open("yamada")

    clock.now += timedelta(minutes=59)
    assert sessions.person(token) == "yamada"
    clock.now += timedelta(minutes=59)
    assert sessions.person(token) == "yamada"
    clock.now += timedelta(minutes=60)
    assert sessions.person(token) is None
    assert sessions.person(token) is None
    assert ended == ["yamada"], "once"
    clock.now -= timedelta(minutes=30)
    assert sessions.person(token) is None, "an ended session does not come back with the clock"


def test_a_session_ends_in_any_case(clocked: tuple[Sessions, Clock, list[str]]) -> None:
    sessions, clock, ended = clocked
    token = sessions.open("yamada")

    for _ in range(19):
        clock.now += timedelta(minutes=30)
        assert sessions.person(token) == "yamada"
    clock.now += timedelta(minutes=30)

    assert sessions.person(token) is None
    assert ended == ["yamada"]


def test_looking_does_not_prolong_a_session(clocked: tuple[Sessions, Clock, list[str]]) -> None:
    sessions, clock, _ = clocked
    token = sessions.open("yamada")

    for _ in range(3):
        clock.now += timedelta(minutes=20)
        alive = sessions.person(token, touch=False)

    assert alive is None


def test_a_session_nobody_came_back_to_is_ended_at_the_next_sign_in(
    clocked: tuple[Sessions, Clock, list[str]],
) -> None:
    sessions, clock, ended = clocked
    told: list[str] = []
    sessions.on_end(told.append)
    token = sessions.open("ito")

    clock.now += timedelta(hours=11)
    sessions.open("yamada")

    assert "ito" in ended
    assert digest(token) in told


def test_the_end_of_a_session_by_time_is_in_the_log(world: World) -> None:
    client = world.as_("ito")
    past = datetime.now() - timedelta(hours=11)
    with world.services.registry.engine.begin() as connection:
        connection.execute(
            text("update session set opened = :past where digest = :digest"),
            {"past": past, "digest": digest(client.cookie or "")},
        )
    world.services.refusals.flush()
    size = world.size()

    assert client.get("/me").status_code == 401

    events = world.since(size)
    assert [event.action for event in events] == ["session.ended", "access.denied"]
    assert events[0].details == {"person": "ito", "reason": "time", "session": reference(client.cookie or "")}


def test_a_session_of_somebody_who_left_the_directory_is_nobodys(world: World) -> None:
    token = world.services.sessions.open("somebody-who-left")

    assert Client(world.app, token).get("/me").status_code == 401
    assert world.services.sessions.person(token) is None


def test_a_refused_sign_in_is_in_the_log_with_the_name_beside_it(world: World) -> None:
    world.services.refusals.flush()
    size = world.size()

    answer = world.nobody.post("/session/demo", json={"person": "mallory"})

    assert (answer.status_code, answer.json()["code"]) == (401, "person-unknown")
    assert "mallory" in answer.json()["message"]
    (event,) = world.since(size)
    assert (event.action, event.outcome, event.actor_kind) == ("session.refused", "denied", "nobody")
    assert event.texts == {"name": "mallory", "target": "/api/session/demo"}
    assert "mallory" not in str(event.details)
