"""The index in a process of its own: `EdgeIndex` behind private sockets, so that the engine keeps nobody's GIL.

The engine holds the GIL of the process it runs in for the length of a call (a flush: up to 0.4 s, measured), and the
event loop that streams answers must not stand still that long. Here a caller waits in a socket, and others go on.
What a write is worth on return is `edge.py`'s matter; this module adds that the child dies with us and is replaced.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from appliance.access import AccessFilter
from appliance.errors import IndexUnavailable
from appliance.index import wire
from appliance.index.collection import Collection, Entry
from appliance.index.launch import Child
from appliance.models import Hit, HybridQuery, IndexedChunk

STARTS, WITHIN = 5, 60.0  # so many starts within so many seconds, then no more for a while


class EdgeProcess:
    """A `ChunkIndex` in a folder, made when it does not exist. Safe for threads; searches do not wait for writes.

    Raises what `EdgeIndex` raises. When its process ends, calls under way raise IndexUnavailable (a write among them
    may have been stored) and the next call starts another one, which takes up what was acknowledged.
    """

    def __init__(self, path: Path, collection: Collection) -> None:
        self._path = path
        self._collection = collection
        self._guard = threading.Lock()
        self._starts: deque[float] = deque(maxlen=STARTS)
        self._closed = False
        self._child = self._started()

    def upsert(self, chunks: Sequence[IndexedChunk]) -> None:
        """Store or replace chunks by id, durable on return. Raises InvalidVector before anything is stored."""
        self._collection.require_fitting(chunks)
        self._running().ask(wire.Upsert(chunks), writing=True)

    def delete(self, *, document: str, version: str | None = None) -> None:
        """Remove the chunks of a document, or of one version of it; durable on return."""
        self._running().ask(wire.Delete(document, version), writing=True)

    def set_access(self, *, document: str, acl_id: int) -> None:
        """Move all chunks of a document to another access list; durable on return."""
        self._running().ask(wire.SetAccess(document, acl_id), writing=True)

    def search(self, query: HybridQuery, *, access: AccessFilter) -> list[Hit]:
        """At most `query.limit` hits that `access` admits, best first; equal scores in the order of chunk ids."""
        if query.dense is not None:
            self._collection.require_vector("?", query.dense)
        return list(self._running().ask(wire.Search(query, access), writing=False).hits)

    def count(self, *, access: AccessFilter) -> int:
        """How many chunks `access` admits."""
        return self._running().ask(wire.Count(access), writing=False).count

    def inventory(self) -> Iterator[Entry]:
        """Every stored chunk as (chunk id, document, version, access list id), page by page: no content."""
        offset = None
        while True:
            page = self._running().ask(wire.Page(offset), writing=False)
            yield from page.entries
            offset = page.following
            if offset is None:
                return

    def close(self) -> None:
        """Flush, release the folder and wait for the process to end. Closing again does nothing."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
        if not self._child.ended.is_set():
            self._child.close()

    @property
    def process_id(self) -> int | None:
        """The process that owns the folder."""
        return self._child.process_id

    def _running(self) -> Child:
        with self._guard:
            if self._closed:
                raise IndexUnavailable(where=self._path, why="closed")
            if self._child.ended.is_set():
                self._child = self._started()
            return self._child

    def _started(self) -> Child:
        now = time.monotonic()
        if len(self._starts) == STARTS and now - self._starts[0] < WITHIN:
            raise IndexUnavailable(where=self._path, why=f"its process ended {STARTS} times within {WITHIN:.0f} s")
        self._starts.append(now)
        return Child(self._path, self._collection)
