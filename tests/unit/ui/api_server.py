"""A real HTTP server on loopback that answers as a test says: the client is tested over a socket, as it is used."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ui.options import PortalOptions


@dataclass
class Said:
    """What came, and what is answered: status, headers, then the pieces of the body."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    gone: threading.Event = field(default_factory=threading.Event)
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    """One request of the client."""

    said: Said

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        seen = {name.lower(): value for name, value in self.headers.items()}
        self.said.requests.append((self.command, self.path, seen, body))
        self.send_response(self.said.status)
        for name, value in self.said.headers:
            self.send_header(name, value)
        self.send_header("connection", "close")
        self.end_headers()
        try:
            for piece in self.said.pieces:
                self.wfile.write(piece)
                self.wfile.flush()
            while not self.said.hold.wait(0.05):  # an answer that goes on until the test lets it end
                self.wfile.write(b": ping\n\n")
                self.wfile.flush()
        except OSError:
            self.said.gone.set()

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def api_server() -> Iterator[tuple[Said, PortalOptions]]:
    said = Said()
    said.hold.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OwnHandler", (Handler,), {"said": said}))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield said, PortalOptions(origin="https://appliance.example", api=address, people=lambda _: ())
    finally:
        said.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()
