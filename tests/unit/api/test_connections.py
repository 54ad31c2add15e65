"""Connections that never become a request end, and keep nobody out, over a real server."""

from __future__ import annotations

import asyncio
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest
from starlette.types import Receive, Scope, Send

from appliance.api import connections
from appliance.serve import Server, _config

PATIENCE = 20.0
HALF = b"GET /slow HTTP/1.1\r\nhost: x\r\nx-one: "
BODY = b"POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n"
WHOLE = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Says `ok` to a whole request, and at /long after more than any buffer takes."""
    if scope["type"] != "http":
        return
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(1000 if scope["path"] == "/long" else 0):
        await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
    await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def served(most: int | None) -> Iterator[Callable[[bytes], socket.socket]]:
    """A way to open a connection and to send its first bytes."""
    with socket.socket() as bound, ExitStack() as opened:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        server = Server(_config(application, most=most), bound)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
        thread.start()

        def connect(first: bytes) -> socket.socket:
            connection = opened.enter_context(closing(socket.create_connection(bound.getsockname(), timeout=PATIENCE)))
            connection.sendall(first)
            return connection

        yield connect
        opened.close()
        server.should_exit = True
        thread.join()


def ended(connection: socket.socket) -> bool:
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return True


def answered(connection: socket.socket) -> bool:
    seen = b""
    while b"ok" not in seen.partition(b"\r\n\r\n")[2]:
        piece = connection.recv(65536)
        if not piece:
            return False
        seen += piece
    return True


@pytest.mark.parametrize(
    ("name", "first"),
    [("HEAD_SECONDS", b""), ("HEAD_SECONDS", HALF), ("HEAD_SECONDS", WHOLE + HALF)],
    ids=["nothing sent", "half a head", "half a head after a whole request"],
)
def test_a_request_that_does_not_become_whole_ends(monkeypatch: pytest.MonkeyPatch, name: str, first: bytes) -> None:
    monkeypatch.setattr(connections, name, 0.3)
    with served(None) as connect:
        assert ended(connect(first))


def test_a_body_that_does_not_come_ends_and_the_private_socket_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from appliance.api.private import PeerProtocol

    monkeypatch.setattr(connections.BoundedProtocol, "body_seconds", 0.3)
    with served(None) as connect:
        assert ended(connect(BODY))
    assert PeerProtocol.body_seconds is None


def test_pieces_however_small_do_not_prolong_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    with served(None) as connect:
        connection = connect(HALF)
        stop = threading.Event()

        def drip() -> None:
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"a")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        assert ended(connection)
        stop.set()
        thread.join()


def test_an_answer_that_nobody_reads_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "READ_SECONDS", 0.3)
    with served(None) as connect:
        connection = connect(WHOLE.replace(b"/", b"/long", 1))
        threading.Event().wait(1.5)  # in which it reads nothing
        assert ended(connection)


def test_half_sent_requests_up_to_the_limit_keep_nobody_out() -> None:
    with served(10) as connect:
        half = [connect(HALF) for _ in range(40)]

        assert all(answered(connect(WHOLE)) for _ in range(5))

        assert ended(half[0]), "the oldest made room"


def test_whole_requests_are_not_closed_for_new_ones() -> None:
    with served(4) as connect:
        busy = [connect(BODY.replace(b"host", b"expect: 100-continue\r\nhost")) for _ in range(3)]
        assert all(b"100" in connection.recv(100) for connection in busy), "each is at its body"
        assert ended(connect(WHOLE)), "there is no room, and nobody to make it"
        for connection in busy:
            connection.sendall(b"x" * 1000)
        assert all(answered(connection) for connection in busy)


def test_the_port_takes_half_of_the_descriptors_and_the_soft_limit_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: raised.append(limits))
    for limits, most in (((1024, 4096), 2048), ((256, 1024), 512), ((1024, 1024), 512), ((64, -1), 2048)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, limits=limits: limits)
        assert connections.raise_descriptors() == most
    assert raised == [(4096, 4096), (1024, 1024), (65536, -1)]
