"""The gate: default deny, and the end of an open page."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient

from ui import gate
from ui.gate import Gate, session_cookie


class OneSession:
    """Sessions of which `good` is alive until it is ended."""

    def __init__(self):
        self.cookies = {"good"}
        self.listeners = []

    def alive(self, cookie):
        return cookie in self.cookies

    def on_end(self, listener):
        self.listeners.append(listener)

    def end(self, *, tell=True):
        self.cookies.clear()
        for listener in self.listeners if tell else ():
            listener()


async def page(request):
    return PlainTextResponse("inside")


async def echo(websocket):
    websocket.app.state.entered = True
    await websocket.accept()
    async for message in websocket.iter_text():
        await websocket.send_text(message)


@pytest.fixture
def sessions():
    return OneSession()


@pytest.fixture
def client(sessions):
    paths = ["/", "/documents", "/audit", "/signin", "/_stcore/health", "/_stcore/metrics", "/static/a.js", "/nowhere"]
    inside = Starlette(routes=[*(Route(path, page) for path in paths), WebSocketRoute("/_stcore/stream", echo)])
    inside.state.entered = False
    with TestClient(Gate(inside, sessions=sessions), follow_redirects=False) as client:
        client.inside = inside
        yield client


@pytest.mark.parametrize("path", ["/", "/documents", "/audit"])
def test_a_page_without_a_session_is_the_sign_in_page(client, path):
    answer = client.get(path)

    assert (answer.status_code, answer.headers["location"]) == (303, "/signin")


def test_a_page_with_an_ended_session_says_so(client):
    assert client.get("/", headers={"cookie": "sid=old"}).headers["location"] == "/signin?expired"


@pytest.mark.parametrize(
    "path", ["/_stcore/health", "/_stcore/metrics", "/static/a.js", "/nowhere", "/signin/x", "/api"]
)
def test_everything_else_without_a_session_is_401(client, path):
    assert client.get(path).status_code == 401


def test_only_what_is_listed_is_reached_with_a_session(client):
    inside = {"cookie": "sid=good"}

    assert client.get("/static/a.js", headers=inside).text == "inside"
    assert client.get("/_stcore/metrics", headers=inside).status_code == 404
    assert client.get("/nowhere", headers=inside).status_code == 404


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("sid=a", "a"),
        ("lang=ja; sid=a; x=y", "a"),
        ("xsid=a", ""),
        ("sid=a; sid=b", ""),
        ("sid=a; sid=a", ""),
        ("", ""),
        ("sid", ""),
    ],
)
def test_the_session_cookie_is_the_only_one_of_its_name(header, value):
    connection = HTTPConnection({"type": "http", "headers": [(b"cookie", header.encode())]})

    assert session_cookie(connection) == value


def test_two_cookie_headers_with_a_session_each_are_no_session():
    headers = [(b"cookie", b"sid=a"), (b"cookie", b"sid=b")]

    assert session_cookie(HTTPConnection({"type": "http", "headers": headers})) == ""


@pytest.mark.parametrize("path", ["/_stcore/stream", "/elsewhere"])
def test_a_websocket_without_a_session_is_accepted_and_closed_with_4401(client, path):
    """Before it is accepted a browser's script would not see the code."""
    with client.websocket_connect(path) as socket:
        assert socket.receive()["code"] == 4401
    assert not client.inside.state.entered


def test_a_websocket_elsewhere_is_closed_even_with_a_session(client):
    elsewhere = client.websocket_connect("/other", headers={"cookie": "sid=good"})
    with elsewhere as socket:
        assert socket.receive()["code"] == 4401


def test_an_open_websocket_is_closed_when_its_session_ends(client, sessions):
    with client.websocket_connect("/_stcore/stream", headers={"cookie": "sid=good"}) as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "hello"

        sessions.end()

        assert socket.receive()["code"] == 4401


def test_the_end_of_another_session_leaves_a_websocket_open(client, sessions):
    sessions.cookies.add("other")
    with client.websocket_connect("/_stcore/stream", headers={"cookie": "sid=good"}) as socket:
        sessions.cookies.discard("other")
        for listener in sessions.listeners:
            listener()

        socket.send_text("still here")
        assert socket.receive_text() == "still here"


def test_an_expiry_that_nobody_tells_of_is_found_by_looking_again(client, sessions, monkeypatch):
    monkeypatch.setattr(gate, "RECHECK_SECONDS", 0.05)
    with client.websocket_connect("/_stcore/stream", headers={"cookie": "sid=good"}) as socket:
        sessions.end(tell=False)

        assert socket.receive()["code"] == 4401


def test_nothing_is_sent_to_a_page_after_its_session_has_ended(sessions):
    """Streamlit may still have an answer in its hands."""

    async def story():
        sent, received, answered = [], asyncio.Queue(), asyncio.Event()

        async def slow_writer(scope, receive, send):
            await send({"type": "websocket.accept"})
            message = await receive()
            assert message["type"] == "websocket.disconnect"
            await send({"type": "websocket.send", "text": "secret"})
            answered.set()

        async def send(message):
            sent.append(message)

        scope = {"type": "websocket", "path": "/_stcore/stream", "headers": [(b"cookie", b"sid=good")]}
        running = asyncio.create_task(Gate(slow_writer, sessions=sessions)(scope, received.get, send))
        await asyncio.sleep(0.05)
        sessions.end()
        await asyncio.wait_for(answered.wait(), 5)
        await running
        return sent

    assert asyncio.run(story()) == [{"type": "websocket.accept"}, {"type": "websocket.close", "code": 4401}]
