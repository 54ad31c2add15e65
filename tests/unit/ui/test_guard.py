"""Exact addresses, and the headers of every response."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient

from ui.guard import CONTENT_SECURITY_POLICY, SECURITY_HEADERS, ExactAddress, SecurityHeaders

ORIGIN = "http://127.0.0.1:8600"


async def page(request):
    return PlainTextResponse("inside", headers={"server": "test", "x-frame-options": "ALLOWALL"})


async def broken(request):
    raise RuntimeError("a defect")


async def accept(websocket):
    await websocket.accept()
    await websocket.close()


told: list[tuple[str, int]] = []


async def tell(scope, error, status):
    told.append((error.code, status))


@pytest.fixture
def client():
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    paths = ["/", "/static/a.js", "/assets/a.css"]
    routes = [
        *(Route(path, page, methods=methods) for path in paths),
        Route("/broken", broken),
        WebSocketRoute("/ws", accept),
    ]
    told.clear()
    guarded = SecurityHeaders(
        ExactAddress(Starlette(routes=routes), origin=ORIGIN, host="127.0.0.1:8600", refused=tell)
    )
    with TestClient(guarded, base_url=ORIGIN, raise_server_exceptions=False) as client:
        yield client


def test_our_own_name_is_served(client):
    assert client.get("/").text == "inside"


@pytest.mark.parametrize(
    "host", ["localhost:8600", "127.0.0.1", "127.0.0.1:8601", "127.0.0.1:8600.evil.example", "evil.example", ""]
)
def test_another_name_is_misdirected_and_told_the_right_one(client, host):
    answer = client.get("/", headers={"host": host})

    assert answer.status_code == 421
    assert told == [("origin-refused", 421)], "the audit log is told"
    assert "http://127.0.0.1:8600 を開いてください" in answer.text
    assert "Open http://127.0.0.1:8600 instead" in answer.text


def sent_for(**scope) -> dict:
    """What is sent first for a request that no client library would make."""
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(ExactAddress(Starlette(), origin=ORIGIN, host="127.0.0.1:8600", refused=tell)(scope, None, send))
    return sent[0]


def test_two_host_headers_are_misdirected():
    headers = [(b"host", b"127.0.0.1:8600")] * 2

    assert sent_for(type="http", method="GET", path="/", headers=headers)["status"] == 421


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1", "https://127.0.0.1:8600"])
def test_an_act_needs_our_exact_origin(client, method, origin):
    headers = {"origin": origin} if origin else {}

    assert client.request(method, "/", headers=headers).status_code == 403
    assert client.request(method, "/", headers={"origin": ORIGIN}).status_code == 200


def test_reading_needs_no_origin(client):
    assert client.get("/", headers={"origin": "http://evil.example"}).status_code == 200


@pytest.mark.parametrize("origins", [[], [b"http://evil.example"], [b"null"], [ORIGIN.encode()] * 2])
def test_a_websocket_needs_our_exact_origin(origins):
    headers = [(b"host", b"127.0.0.1:8600"), *((b"origin", origin) for origin in origins)]

    refused = sent_for(type="websocket", path="/ws", headers=headers)

    assert refused == {"type": "websocket.close", "code": 4403}


def test_a_websocket_of_ours_is_let_through(client):
    with client.websocket_connect("ws://127.0.0.1:8600/ws", headers={"origin": ORIGIN}):
        pass


@pytest.mark.parametrize("path", ["/", "/static/a.js", "/nowhere", "/broken"])
def test_every_response_carries_the_headers_also_errors(client, path):
    headers = client.get(path).headers

    assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "server" not in headers


def test_a_refusal_carries_the_headers_too(client):
    assert client.get("/", headers={"host": "x"}).headers["content-security-policy"] == CONTENT_SECURITY_POLICY


def test_only_files_of_the_program_may_be_kept(client):
    assert client.get("/").headers["cache-control"] == "no-store"
    assert "cache-control" not in client.get("/static/a.js").headers
    assert "cache-control" not in client.get("/assets/a.css").headers


def test_the_policy_runs_no_script_but_files_of_this_origin():
    parts = dict(part.split(" ", 1) for part in CONTENT_SECURITY_POLICY.split("; "))

    assert parts["script-src"] == "'self'"
    assert parts["default-src"] == "'none'"
    assert parts["frame-ancestors"] == "'none'"
    assert "blob:" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
