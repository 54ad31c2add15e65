"""The index in process: Qdrant Edge, the server's engine as a library. One process owns a folder (`folder.py`).

The engine keeps the GIL for the length of a call, so writing goes in small pieces and other threads get their turn
between them; the appliance runs it in a process of its own (`process.py`). There is no graph index: up to some 100,000
chunks an exact scan is quicker under an access filter, and complete.

What a write is worth on return: the engine appends every change to its write-ahead log before it applies it, and we
fsync the log's files and their folder. The engine's own files follow at its flush, every FLUSH_AFTER chunks and at
close; until then opening replays the log over whatever of them had reached the disk. So kill -9 loses nothing, and a
power cut loses only the call that had not returned, as far as the disk keeps its promise of fsync and the file system
persists a new file's name with its content (ext4, XFS and Btrfs do). A disk that refused an fsync may have dropped the
change, so no write is taken after that until the index is opened anew.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import qdrant_edge as qdrant

from appliance.access import AccessFilter
from appliance.errors import IndexUnavailable
from appliance.index import durable, edge_request, folder
from appliance.index.collection import Collection, Entry
from appliance.index.hybrid import Question, Ranked, Stored, TermWeights, admitted, asks_for_something, search
from appliance.models import Hit, HybridQuery, IndexedChunk

POINTS_A_CALL = 64  # some 30 ms of the GIL
FLUSH_AFTER = 5_000  # chunks and other changes: what opening may have to replay: 0.4 s, 18 MB of log
PAGE = 512  # of the inventory


class EdgeIndex:
    """A `ChunkIndex` in a folder, made when it does not exist. Safe for threads: calls take turns.

    Raises IndexLocked when another process (or another EdgeIndex of this one) owns the folder, EmbedderMismatch when
    another embedder or tokenizer made it, IndexUnavailable when the engine cannot read it.
    """

    def __init__(self, path: Path, collection: Collection) -> None:
        self._path = path
        self._collection = collection
        self._turn = threading.RLock()
        self._weights = TermWeights()
        self._unflushed = 0
        self._refused = ""  # why the disk did, once it has
        self._lock = folder.owned(path)
        try:
            with self._engine():
                self._shard = folder.opened(path, collection)
        except BaseException:
            self._lock.close()
            raise

    def upsert(self, chunks: Sequence[IndexedChunk]) -> None:
        """Store or replace chunks by id, durable on return. Raises InvalidVector before anything is stored."""
        self._collection.require_fitting(chunks)
        for start in range(0, len(chunks), POINTS_A_CALL):
            points = [edge_request.point(chunk) for chunk in chunks[start : start + POINTS_A_CALL]]
            self._write(qdrant.UpdateOperation.upsert_points(points), changes=len(points))
        self._secure()

    def delete(self, *, document: str, version: str | None = None) -> None:
        """Remove the chunks of a document, or of one version of it; durable on return."""
        self._write(qdrant.UpdateOperation.delete_points_by_filter(edge_request.of_document(document, version)))
        self._secure()

    def set_access(self, *, document: str, acl_id: int) -> None:
        """Move all chunks of a document to another access list: a payload write that touches no vector."""
        chosen = edge_request.of_document(document, None)
        self._write(qdrant.UpdateOperation.set_payload_by_filter(chosen, {"acl_id": acl_id}))
        self._secure()

    def search(self, query: HybridQuery, *, access: AccessFilter) -> list[Hit]:
        """At most `query.limit` hits that `access` admits, best first; equal scores in the order of chunk ids."""
        if query.dense is not None:
            self._collection.require_vector("?", query.dense)
        with self._turn:
            return search(self, query, access=access, weights=self._weights.within(access))

    def count(self, *, access: AccessFilter) -> int:
        """How many chunks `access` admits."""
        if not access.allowed:
            return 0
        with self._engine():
            return self._shard.count(qdrant.CountRequest(exact=True, filter=edge_request.admitted(access)))

    def inventory(self) -> Iterator[Entry]:
        """Every stored chunk as (chunk id, document, version, access list id), page by page: no content."""
        offset = None
        while True:
            entries, offset = self.page(offset)
            yield from entries
            if offset is None:
                return

    def page(self, offset: UUID | None) -> tuple[list[Entry], UUID | None]:
        """The entries of the inventory from `offset` on, and where the next page begins, if there is one."""
        with self._engine():
            records, following = self._shard.scroll(
                qdrant.ScrollRequest(offset=offset, limit=PAGE, with_payload=True, with_vector=False)
            )
        entries = [(str(record.id), record.payload or {}) for record in records]
        return [
            (chunk, payload.get("document", ""), payload.get("version", ""), payload.get("acl_id"))
            for chunk, payload in entries
        ], following if isinstance(following, UUID) else None

    def close(self) -> None:
        """Flush and release the folder; the index cannot be used after. Closing again does nothing."""
        with self._turn:
            if self._lock.closed:
                return
            try:
                with self._engine():
                    self._shard.flush()
                    self._shard.close()
            finally:
                self._lock.close()

    def ask(self, questions: Sequence[Question], *, access: AccessFilter) -> list[Ranked]:
        """Answer each question within `access` (of `hybrid.Engine`)."""
        asked = [question for question in questions if asks_for_something(question)]
        if not asked:
            return [[] for _ in questions]
        rights = edge_request.admitted(access)
        batch = qdrant.QueryBatchRequest([edge_request.request(question, rights) for question in asked])
        with self._engine():
            answers = iter(self._shard.query_batch(batch))
        return [_ranked(next(answers)) if asks_for_something(question) else [] for question in questions]

    def stored(self, chunks: Sequence[UUID], *, access: AccessFilter) -> dict[UUID, Stored]:
        """The payload of those of the chunks that `access` admits (of `hybrid.Engine`)."""
        with self._engine():
            records = self._shard.retrieve(list(chunks), with_payload=True, with_vector=False)
        return admitted({record.id: record.payload for record in records if isinstance(record.id, UUID)}, access=access)

    def _write(self, operation: qdrant.UpdateOperation, changes: int = 1) -> None:
        with self._engine():
            if self._refused:
                raise IndexUnavailable(where=self._path, why=self._refused)
            self._weights.forget()
            self._unflushed += changes
            self._shard.update(operation)

    def _secure(self) -> None:
        """Bring the log to the disk. The engine is asked by others meanwhile: only the list of files needs its rest."""
        try:
            with self._engine():
                if self._unflushed >= FLUSH_AFTER:
                    self._shard.flush()
                    self._unflushed = 0
                log = durable.opened(self._path / "shard" / "wal")
            durable.synced(log)
        except OSError as error:
            self._refused = f"fsync: {error.strerror}"
            raise IndexUnavailable(where=self._path, why=self._refused) from error

    @contextmanager
    def _engine(self) -> Iterator[None]:
        """A turn at the engine, which has no error type of its own: what it raises becomes IndexUnavailable."""
        with self._turn:
            if self._lock.closed:
                raise IndexUnavailable(where=self._path, why="closed")
            try:
                yield
            except Exception as error:
                if type(error) is not Exception:
                    raise
                raise IndexUnavailable(where=self._path, why=error) from error


def _ranked(points: Iterable[qdrant.ScoredPoint]) -> Ranked:
    # `id` makes a new UUID at each access: it is read once.
    return [(chunk, point.score) for point in points if isinstance(chunk := point.id, UUID)]
