"""A command's way to the API: the running server's private socket, or this process as its server while it needs one.

So there is one way in: a command never touches index, registry or log itself.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import httpx

from appliance.errors import ApiProblem, RouteUnknown, ServerUnreachable
from appliance.private import FOLDER, SOCKET, ownership, socket_path
from appliance.settings import Settings
from appliance.visible import spelled

_BASE = "http://appliance.private/api"
_START_SECONDS = 60.0
_LAST_SECONDS = 0.1
_GRACE_SECONDS = 60  # for what another command asked of this one's server


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream: its name and its data."""

    name: str
    data: str


class Connection:
    """Requests to the API. Every refusal is raised as ApiProblem.

    A command that served this one may end before it. What could not even be connected is asked of whoever serves then,
    which may be this process; sessions are kept by the store, so a cookie outlives its server.
    """

    def __init__(self, client: httpx.Client, reach: Callable[[], None]) -> None:
        self._client = client
        self._reach = reach

    def get(self, path: str, **params: str | int) -> httpx.Response:
        """GET."""
        return self._checked(self._send("GET", path, params=params))

    def post(self, path: str, body: object) -> httpx.Response:
        """POST of a JSON body."""
        return self._checked(self._send("POST", path, **_json(body)))

    def put(self, path: str, body: object) -> httpx.Response:
        """PUT of a JSON body."""
        return self._checked(self._send("PUT", path, **_json(body)))

    def upload(self, path: str, files: list[tuple[str, tuple[str, bytes, str]]]) -> httpx.Response:
        """PUT of a multipart body."""
        return self._checked(self._send("PUT", path, files=files, timeout=600))

    def delete(self, path: str) -> httpx.Response:
        """DELETE."""
        return self._checked(self._send("DELETE", path))

    def stream(self, path: str, body: object) -> Iterator[Event]:
        """POST whose answer is a stream of events; closing the iterator ends it."""
        response = self._send("POST", path, stream=True, timeout=None, **_json(body))
        with closing(response):
            if response.is_error:
                response.read()
                self._checked(response)
            name = ""
            for line in response.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield Event(name, line.removeprefix("data: "))

    def download(self, path: str, body: object, to: BinaryIO) -> None:
        """POST of a JSON body whose answer is written to a file as it comes, however long it takes to be made."""
        response = self._send("POST", path, stream=True, timeout=None, **_json(body))
        with closing(response):
            if response.is_error:
                response.read()
                self._checked(response)
            for block in response.iter_bytes():
                to.write(block)

    @contextmanager
    def signed_in(self, person: str) -> Iterator[None]:
        """As one of the demo's people, for the block: the same session as the sign-in page gives."""
        self.post("/session/demo", {"person": person})
        try:
            yield
        finally:
            self.delete("/session")
            self._client.cookies.clear()

    def _send(self, method: str, path: str, *, stream: bool = False, **content: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own keywords, passed through
        # A step `..` shall reach the API, which refuses it: httpx would go up, to another request.
        steps = [step.replace(".", "%2E") if step in (".", "..") else step for step in path.split("/")]
        request = self._client.build_request(method, _BASE + "/".join(steps), **content)
        try:
            return self._client.send(request, stream=stream)
        except httpx.ConnectError:  # nothing was sent
            self._reach()
        except (httpx.RemoteProtocolError, httpx.ReadError):  # something may have been done: only a look is taken again
            if method != "GET":
                raise
            self._reach()
        return self._client.send(request, stream=stream)

    @staticmethod
    def _checked(response: httpx.Response) -> httpx.Response:
        if not response.is_error:
            return response
        try:
            body = response.json()
            raise ApiProblem(code=body["code"], message=body["message"])
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            if response.status_code == 404:  # of the framework: somebody answers, and knows no such path
                raise RouteUnknown(path=spelled(response.request.url.path)) from error
            raise ServerUnreachable(why=f"HTTP {response.status_code}") from error


def _json(body: object) -> dict[str, Any]:
    """ASCII: a command line may hold bytes that are no text, and the API shall be the one to say so."""
    return {"content": json.dumps(body).encode(), "headers": {"content-type": "application/json"}}


@contextmanager
def connect(settings: Settings) -> Iterator[Connection]:
    """A connection to this installation, whoever serves it. Raises what opening the services raises."""
    with ExitStack() as server, _client(settings) as client:

        def reach() -> None:
            _reach(settings, server)

        reach()
        yield Connection(client, reach)


def _reach(settings: Settings, server: ExitStack) -> None:
    """Return when somebody serves this installation: another process, or this one from now on, until `server` ends."""
    until = time.monotonic() + _START_SECONDS
    while True:
        with ExitStack() as attempt:
            if attempt.enter_context(ownership(settings.home)):
                attempt.enter_context(_serving(settings))
                server.enter_context(attempt.pop_all())
                return
        with socket_path(settings.home) as path:
            if _answers(path):
                return
        if time.monotonic() > until:
            raise ServerUnreachable(why=f"{settings.home / 'run'}: somebody holds it, and nobody answers")
        time.sleep(0.05)


@contextmanager
def _client(settings: Settings) -> Iterator[httpx.Client]:
    with socket_path(settings.home) as path:
        # A connection a request: one that is kept may be closed by a server that ends, just when it is used again.
        transport = httpx.HTTPTransport(uds=path, limits=httpx.Limits(max_keepalive_connections=0))
        headers = {"accept-language": settings.language}
        with httpx.Client(transport=transport, headers=headers, timeout=60) as client:
            try:
                yield client
            except httpx.TransportError as error:
                raise ServerUnreachable(why=str(error) or type(error).__name__) from error


def _answers(path: str) -> bool:
    """Whether somebody serves there. Also a refusal is an answer, and the request itself will say which."""
    try:
        with socket.socket(socket.AF_UNIX) as knock:  # httpx forgets to close what could not be connected
            knock.connect(path)
        with httpx.Client(transport=httpx.HTTPTransport(uds=path), timeout=5) as client:
            client.get(f"{_BASE}/health")
            return True
    except (OSError, httpx.TransportError):
        return False


@contextmanager
def _serving(settings: Settings) -> Iterator[None]:
    """This process serves its own command on the private socket, from a thread."""
    import asyncio

    from appliance.serve import private_server
    from appliance.wiring import open_services

    with open_services(settings) as services, private_server(services, grace=_GRACE_SECONDS) as server:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve()), name="api", daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        try:
            yield
        finally:
            # Nobody connects from here on; whoever did a moment ago is still answered.
            (settings.home / FOLDER / SOCKET).unlink(missing_ok=True)
            time.sleep(_LAST_SECONDS)
            server.should_exit = True
            thread.join()
