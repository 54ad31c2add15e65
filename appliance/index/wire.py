"""What the two processes of the index say to each other (`process.py` asks, `child.py` answers).

    message   lengths of the two parts (2 x uint32, network order) | JSON | vectors and terms as they are in memory

Plain data, read field by field: what arrives makes none but the objects named here, so there is no pickle, and a fault
at one end cannot run code at the other. Floats pass JSON without loss. Both ends are of one release on one machine, so
there is no version and the byte order of arrays is the machine's.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from appliance.access import AccessFilter
from appliance.errors import REGISTERED, ApplianceError
from appliance.index.collection import Collection, Entry
from appliance.models import Hit, HybridQuery, IndexedChunk

_LENGTHS = struct.Struct("!II")

Message = tuple[bytes, bytes]  # (JSON, arrays)


@dataclass(frozen=True, slots=True)
class Open:
    """The first request of all: own the folder."""

    path: Path
    collection: Collection


@dataclass(frozen=True, slots=True)
class Upsert:
    """Of `ChunkIndex`; the vectors have passed `Collection.require_fitting`."""

    chunks: Sequence[IndexedChunk]


@dataclass(frozen=True, slots=True)
class Delete:
    """Of `ChunkIndex`."""

    document: str
    version: str | None


@dataclass(frozen=True, slots=True)
class SetAccess:
    """Of `ChunkIndex`."""

    document: str
    acl_id: int


@dataclass(frozen=True, slots=True)
class Search:
    """Of `ChunkIndex`; a vector has passed `Collection.require_vector`."""

    query: HybridQuery
    access: AccessFilter


@dataclass(frozen=True, slots=True)
class Count:
    """Of `ChunkIndex`."""

    access: AccessFilter


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the inventory from `offset` on."""

    offset: UUID | None


@dataclass(frozen=True, slots=True)
class Close:
    """The last request of all: flush, release the folder, end."""


Request = Open | Upsert | Delete | SetAccess | Search | Count | Page | Close


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request: an error of ours, or what it asked for in the one field that fits it."""

    error: ApplianceError | None = None
    hits: tuple[Hit, ...] = ()
    count: int = 0
    entries: tuple[Entry, ...] = ()
    following: UUID | None = None


class Connection:
    """One of the sockets between the two. Not safe for threads: who uses it has it alone."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def send(self, message: Message) -> None:
        """Send a whole message. OSError when the other process has gone."""
        text, arrays = message
        self._end.sendall(_LENGTHS.pack(len(text), len(arrays)) + text)
        self._end.sendall(arrays)

    def receive(self) -> Message:
        """Wait for a whole message. EOFError or OSError when the other process has gone."""
        text, arrays = _LENGTHS.unpack(self._exactly(_LENGTHS.size))
        return self._exactly(text), self._exactly(arrays)

    def close(self) -> None:
        """Closing again does nothing; whoever uses it after gets an OSError."""
        self._end.close()

    def _exactly(self, size: int) -> bytes:
        taken = bytearray(size)
        rest = memoryview(taken)
        while rest:
            count = self._end.recv_into(rest)
            if not count:
                raise EOFError
            rest = rest[count:]
        return bytes(taken)


def request_sent(request: Request) -> Message:
    """A request as it travels."""
    fields: dict[str, Any]
    arrays = b""
    match request:
        case Open(path, collection):
            fields = {"path": str(path), "collection": collection.as_json()}
        case Upsert(chunks):
            terms = [np.array(chunk.terms, dtype=np.uint32) for chunk in chunks]
            dense = [np.asarray(chunk.dense, dtype=np.float32) for chunk in chunks]
            fields = {
                "chunks": [(chunk.id, chunk.document, chunk.version, chunk.acl_id) for chunk in chunks],
                "terms": [len(each) for each in terms],
            }
            arrays = b"".join(each.tobytes() for each in (*dense, *terms))
        case Delete(document, version):
            fields = {"document": document, "version": version}
        case SetAccess(document, acl_id):
            fields = {"document": document, "acl_id": acl_id}
        case Search(query, access):
            fields = {"terms": query.terms, "limit": query.limit, "access": _access_sent(access)}
            arrays = b"" if query.dense is None else np.asarray(query.dense, dtype=np.float32).tobytes()
        case Count(access):
            fields = {"access": _access_sent(access)}
        case Page(offset):
            fields = {"offset": offset and str(offset)}
        case Close():
            fields = {}
    return json.dumps({"request": type(request).__name__, **fields}).encode(), arrays


def request_received(message: Message) -> Request:
    """The request that a message carries."""
    fields = json.loads(message[0])
    return _RECEIVED[fields["request"]](fields, message[1])


def answer_sent(answer: Answer) -> Message:
    """An answer as it travels."""
    error = answer.error
    fields = {
        "error": error and (error.code, error.values),
        "hits": [astuple(hit) for hit in answer.hits],
        "count": answer.count,
        "entries": answer.entries,
        "following": answer.following and str(answer.following),
    }
    return json.dumps(fields).encode(), b""


def answer_received(message: Message) -> Answer:
    """The answer that a message carries; an error is of the same class and has the same values."""
    fields = json.loads(message[0])
    error = None
    if fields["error"] is not None:
        code, values = fields["error"]
        error = REGISTERED[code](**values)
    return Answer(
        error,
        tuple(Hit(*hit) for hit in fields["hits"]),
        fields["count"],
        tuple((chunk, document, version, acl_id) for chunk, document, version, acl_id in fields["entries"]),
        _number(fields["following"]),
    )


def _chunks_received(fields: dict[str, Any], arrays: bytes) -> list[IndexedChunk]:
    kept, terms = fields["chunks"], fields["terms"]
    if not kept:
        return []
    after_vectors = len(arrays) - 4 * sum(terms)
    vectors = np.frombuffer(arrays[:after_vectors], dtype=np.float32).reshape(len(kept), -1)
    all_terms = np.frombuffer(arrays[after_vectors:], dtype=np.uint32)
    ends = np.cumsum([0, *terms]).tolist()
    return [
        IndexedChunk(chunk, document, version, acl_id, dense, tuple(all_terms[start:end].tolist()))
        for (chunk, document, version, acl_id), dense, (start, end) in zip(kept, vectors, pairwise(ends), strict=True)
    ]


def _query_received(fields: dict[str, Any], arrays: bytes) -> HybridQuery:
    dense = np.frombuffer(arrays, dtype=np.float32) if arrays else None
    return HybridQuery(dense, tuple(fields["terms"]), fields["limit"])


def _access_sent(access: AccessFilter) -> tuple[str, tuple[int, ...]]:
    return access.principal, access.allowed


def _access_received(fields: dict[str, Any]) -> AccessFilter:
    # The filter that `access.filter_for` made in the other process, not a new judgement.
    principal, allowed = fields["access"]
    return AccessFilter(principal, tuple(allowed))


def _number(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


_RECEIVED: dict[str, Callable[[dict[str, Any], bytes], Request]] = {
    "Open": lambda fields, _: Open(Path(fields["path"]), Collection.from_json(fields["collection"])),
    "Upsert": lambda fields, arrays: Upsert(_chunks_received(fields, arrays)),
    "Delete": lambda fields, _: Delete(fields["document"], fields["version"]),
    "SetAccess": lambda fields, _: SetAccess(fields["document"], fields["acl_id"]),
    "Search": lambda fields, arrays: Search(_query_received(fields, arrays), _access_received(fields)),
    "Count": lambda fields, _: Count(_access_received(fields)),
    "Page": lambda fields, _: Page(_number(fields["offset"])),
    "Close": lambda *_: Close(),
}
