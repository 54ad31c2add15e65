"""A whole appliance in one process for the tests of its API: real services, real vectors, and everybody who may call."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import numpy as np
from fastapi import FastAPI
from PIL import Image
from starlette.applications import Starlette

from appliance.api.app import create_app
from appliance.api.private import Private
from appliance.api.under import UnderApi
from appliance.audit.log import AuditLog
from appliance.audit.reading import EventFilter, LoggedEvent
from appliance.settings import load
from appliance.wiring import Services, open_services

PEOPLE = Path(__file__).parents[3] / "infra" / "demo" / "people.toml"
BASE = "http://127.0.0.1:8765/api"
NOBODY = "nobody"
OWNER = "owner"
ENDED = "ended"


def make_home(folder: Path, settings: str = "") -> Path:
    """An installation as `appliance init` makes it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in ("data", "keys", "run"):
        (folder / name).mkdir(mode=0o700)
    (folder / "people.toml").write_bytes(PEOPLE.read_bytes())
    AuditLog.create(folder / "data" / "audit.db", folder / "keys" / "audit.key", "appliance.local/audit")
    (folder / "settings.toml").write_text(f'language = "en"\n{settings}', encoding="utf-8")
    return folder


@contextmanager
def services_at(home: Path, **environ: str) -> Iterator[Services]:
    with open_services(load({"APPLIANCE_HOME": str(home), **environ})) as services:
        yield services


def mounted(app: FastAPI) -> UnderApi:
    return UnderApi(app, Starlette())


def webp(size: int = 8) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (size, size)).save(out, "WEBP")
    return out.getvalue()


class Client:
    """One caller. Every call is a request of its own to the application, as HTTP would bring it."""

    def __init__(self, app: Any, cookie: str | None = None, client: tuple[str, int] = ("127.0.0.1", 50000)) -> None:
        self._app, self.cookie, self._client = app, cookie, client

    def request(self, method: str, path: str, **content: Any) -> httpx.Response:
        headers = {"accept-language": "en", **content.pop("headers", {})}
        if self.cookie is not None:
            headers.setdefault("cookie", f"sid={self.cookie}")

        async def app(scope: Any, receive: Any, send: Any) -> None:
            # As it stands, as an enemy would send it: httpx takes steps like `..` out of a path.
            raw, _, query = (b"/api" + path.encode()).partition(b"?")
            steps = {"path": unquote(raw), "raw_path": raw, "query_string": query or scope["query_string"]}
            await self._app({**scope, **steps}, receive, send)

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app, client=self._client, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport) as http:
                return await http.request(method, BASE, headers=headers, **content)

        return asyncio.run(send())

    def get(self, path: str, **content: Any) -> httpx.Response:
        return self.request("GET", path, **content)

    def post(self, path: str, **content: Any) -> httpx.Response:
        return self.request("POST", path, **content)

    def ask(self, question: str, conversation: str | None = None) -> list[tuple[str, dict[str, Any]]]:
        """The events of an answer."""
        answer = self.post("/ask", json={"question": question, "conversation": conversation})
        assert answer.status_code == 200, answer.text
        return sse(answer.text)


def sse(text: str) -> list[tuple[str, dict[str, Any]]]:
    events = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if lines:
            events.append((lines["event"], json.loads(lines["data"])))
    return events


@dataclass
class Upload:
    """A document as `ingest` would send it; a test alters what it wants to be wrong."""

    text: str
    access: dict[str, Any]
    title: str = "Rules"
    picture: bool = False
    embedder: str = ""
    vectors: bytes = b""
    original: bytes = b""
    changed: dict[str, Any] = field(default_factory=dict)  # of the part `document`
    left_out: tuple[str, ...] = ()
    pictures: tuple[tuple[str, bytes], ...] = ()

    def files(self) -> list[tuple[str, tuple[str, bytes, str]]]:
        original = self.original or self.text.encode()
        part = {
            "ordinal": 1,
            "kind": "page" if self.picture else "section",
            "label": "1",
            "text": self.text,
            "lines": [],
        }
        meta = {
            "title": self.title,
            "language": "ja",
            "media_type": "text/plain",
            "sha256": hashlib.sha256(original).hexdigest(),
            "fingerprint": "tests",
            "embedder": self.embedder,
            "access": self.access,
            "parts": [part],
            "chunks": [{"part": 1, "start": 0, "end": len(self.text), "heading": ""}],
            **self.changed,
        }
        binary = "application/octet-stream"
        files = [
            ("document", ("document.json", json.dumps(meta).encode(), "application/json")),
            ("original", ("original", original, binary)),
            ("vectors", ("vectors", self.vectors, binary)),
        ]
        pictures = self.pictures or ((("1.webp", webp()), ("1.thumb.webp", webp(2))) if self.picture else ())
        files += [("pictures", (name, content, "image/webp")) for name, content in pictures]
        return [part for part in files if part[0] not in self.left_out]


class World:
    """The appliance with its callers."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.api = create_app(services)
        self.app = mounted(self.api)
        self.private = Private(self.app, owner=os.getuid(), refusals=services.refusals)
        self.owner = Client(self.private, client=("peer", os.getuid()))
        self.nobody = Client(self.app)

    def as_(self, person: str) -> Client:
        """Somebody who has just signed in; nobody, the owner, or somebody whose session ended."""
        if person == NOBODY:
            return Client(self.app)
        if person == OWNER:
            return Client(self.private, client=("peer", os.getuid()))
        if person == ENDED:
            client = self.as_("suzuki")
            client.request("DELETE", "/session")
            return client
        answer = self.nobody.post("/session/demo", json={"person": person})
        assert answer.status_code == 204, answer.text
        return Client(self.app, answer.headers["set-cookie"].split(";")[0].removeprefix("sid="))

    def upload(self, text: str, groups: list[str], **changed: Any) -> Upload:
        """A document with its real vector."""
        access = {"groups": groups, "classification": "internal", **changed.pop("access", {})}
        vector = self.services.embedder.embed_passages([text])
        identity = self.services.embedder.identity.sha256
        return Upload(text, access, embedder=identity, vectors=np.asarray(vector, "<f4").tobytes(), **changed)

    def put(self, path: str, upload: Upload, caller: Client | None = None) -> httpx.Response:
        return (caller or self.owner).request("PUT", f"/collections/tests/documents/{path}", files=upload.files())

    def store(self, path: str, text: str, groups: list[str], **changed: Any) -> dict[str, Any]:
        answer = self.put(path, self.upload(text, groups, **changed))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def give(self, path: str, groups: list[str], **rule: Any) -> httpx.Response:
        body = {"groups": groups, "classification": "internal", **rule}
        return self.owner.request("PUT", f"/collections/tests/access/{path}", json=body)

    def size(self) -> int:
        return self.services.audit.reader.head().size

    def since(self, size: int) -> list[LoggedEvent]:
        """Events from `size` on, oldest first, with their texts."""
        found = self.services.audit.reader.events(EventFilter(), limit=500, texts=True)
        return sorted((event for event in found if event.index >= size), key=lambda event: event.index)

    def refused(self, size: int) -> list[tuple[str, object, object]]:
        """(action, status, code) of the events from `size` on, all of which must be refusals."""
        events = self.since(size)
        assert {event.action for event in events} <= {"request.failed", "access.denied", "session.refused"}, events
        return [(event.action, event.details["status"], event.details["code"]) for event in events]
