"""The index on a Qdrant server or cluster, or in memory for tests: the same questions as `edge.py`, by qdrant-client.

The client's `path=` mode is not offered: opening such a folder runs the code pickled in it. Access is decided here and
not by the server: its key opens every chunk and belongs to the appliance alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from uuid import UUID

from qdrant_client import QdrantClient
from qdrant_client import models as qdrant
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException

from appliance.access import AccessFilter
from appliance.errors import IndexUnavailable
from appliance.index import qdrant_request
from appliance.index.collection import Collection
from appliance.index.hybrid import Question, Ranked, Stored, Weights, admitted, asks_for_something, search
from appliance.models import Hit, HybridQuery, IndexedChunk

MEMORY = ":memory:"
POINTS_A_CALL = 256
PAGE = 512  # of the inventory
TIMEOUT = 30  # seconds
INDEXED = {
    "acl_id": qdrant.PayloadSchemaType.INTEGER,
    "document": qdrant.PayloadSchemaType.KEYWORD,
    "version": qdrant.PayloadSchemaType.KEYWORD,
}


class QdrantIndex:
    """A `ChunkIndex` in the collection `name` of the server at `url`, or in memory; made when it does not exist.

    Raises EmbedderMismatch when another embedder or tokenizer made the collection, IndexUnavailable when the server
    cannot be reached or refuses. Several processes may use one collection, so no term weights are kept between
    searches: another process may have written meanwhile.
    """

    def __init__(self, url: str, *, api_key: str | None, name: str, collection: Collection) -> None:
        self._where = url
        self._name = name
        self._collection = collection
        # The client in memory is not made for threads; the one of a server is.
        self._turn: AbstractContextManager[object] = threading.RLock() if url == MEMORY else nullcontext()
        with self._engine():
            if url == MEMORY:
                self._client = QdrantClient(MEMORY)
            else:
                # trust_env: a proxy named in the environment must not come between us and our own server.
                # check_compatibility: it only warns, and asks without the key.
                self._client = QdrantClient(
                    url, api_key=api_key, timeout=TIMEOUT, trust_env=False, check_compatibility=False
                )
        try:
            with self._engine():
                self._open()
        except IndexUnavailable:
            self._client.close()
            raise

    def upsert(self, chunks: Sequence[IndexedChunk]) -> None:
        """Store or replace chunks by id, durable on return. Raises InvalidVector before anything is stored."""
        self._collection.require_fitting(chunks)
        for start in range(0, len(chunks), POINTS_A_CALL):
            points = [qdrant_request.point(chunk) for chunk in chunks[start : start + POINTS_A_CALL]]
            with self._engine():
                self._client.upsert(self._name, points, wait=True)

    def delete(self, *, document: str, version: str | None = None) -> None:
        """Remove the chunks of a document, or of one version of it."""
        chosen = qdrant.FilterSelector(filter=qdrant_request.of_document(document, version))
        with self._engine():
            self._client.delete(self._name, chosen, wait=True)

    def set_access(self, *, document: str, acl_id: int) -> None:
        """Move all chunks of a document to another access list: a payload write that touches no vector."""
        chosen = qdrant_request.of_document(document, None)
        with self._engine():
            self._client.set_payload(self._name, {"acl_id": acl_id}, points=chosen, wait=True)

    def search(self, query: HybridQuery, *, access: AccessFilter) -> list[Hit]:
        """At most `query.limit` hits that `access` admits, best first; equal scores in the order of chunk ids."""
        if query.dense is not None:
            self._collection.require_vector("?", query.dense)
        return search(self, query, access=access, weights=Weights())

    def count(self, *, access: AccessFilter) -> int:
        """How many chunks `access` admits."""
        if not access.allowed:
            return 0
        with self._engine():
            return self._client.count(self._name, count_filter=qdrant_request.admitted(access), exact=True).count

    def inventory(self) -> Iterator[tuple[str, str, str, int | None]]:
        """Every stored chunk as (chunk id, document, version, access list id), page by page: no content."""
        offset = None
        while True:
            with self._engine():
                records, offset = self._client.scroll(
                    self._name, limit=PAGE, offset=offset, with_payload=True, with_vectors=False
                )
            for record in records:
                payload = record.payload or {}
                yield str(record.id), payload.get("document", ""), payload.get("version", ""), payload.get("acl_id")
            if offset is None:
                return

    def close(self) -> None:
        """Release the connection; the index cannot be used after. Closing again does nothing."""
        with self._engine():
            self._client.close()

    def ask(self, questions: Sequence[Question], *, access: AccessFilter) -> list[Ranked]:
        """Answer each question within `access` (of `hybrid.Engine`)."""
        asked = [question for question in questions if asks_for_something(question)]
        if not asked:
            return [[] for _ in questions]
        rights = qdrant_request.admitted(access)
        requests = [qdrant_request.request(question, rights) for question in asked]
        with self._engine():
            answers = iter(self._client.query_batch_points(self._name, requests))
        return [_ranked(next(answers).points) if asks_for_something(question) else [] for question in questions]

    def stored(self, chunks: Sequence[UUID], *, access: AccessFilter) -> dict[UUID, Stored]:
        """The payload of those of the chunks that `access` admits (of `hybrid.Engine`)."""
        with self._engine():
            records = self._client.retrieve(
                self._name, [str(chunk) for chunk in chunks], with_payload=True, with_vectors=False
            )
        return admitted({UUID(str(record.id)): record.payload for record in records}, access=access)

    def _open(self) -> None:
        if self._client.collection_exists(self._name):
            self._stored_collection().require(self._collection)
            return
        self._client.create_collection(
            self._name,
            vectors_config=qdrant_request.vectors(self._collection.embedder.dimensions),
            sparse_vectors_config=qdrant_request.sparse_vectors(),
            metadata={"made-with": self._collection.as_json()},
        )
        if self._where != MEMORY:
            for field, schema in INDEXED.items():
                self._client.create_payload_index(self._name, field, schema, wait=True)

    def _stored_collection(self) -> Collection:
        metadata = self._client.get_collection(self._name).config.metadata or {}
        try:
            return Collection.from_json(str(metadata["made-with"]))
        except (ValueError, KeyError, TypeError) as error:
            raise IndexUnavailable(where=f"{self._where} {self._name}", why="metadata") from error

    @contextmanager
    def _engine(self) -> Iterator[None]:
        """A turn at the engine; whatever the client raises becomes IndexUnavailable."""
        try:
            with self._turn:
                yield
        # RuntimeError and ValueError: how the client reports a closed connection and a collection that is gone.
        except (ApiException, QdrantException, OSError, RuntimeError, ValueError) as error:
            raise IndexUnavailable(where=self._where, why=error) from error


def _ranked(points: Sequence[qdrant.ScoredPoint]) -> Ranked:
    return [(UUID(str(point.id)), point.score) for point in points]
