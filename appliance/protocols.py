"""The seams: a Protocol stands only where a second implementation exists or the next release brings one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from concurrent.futures import Future
from typing import Protocol

from appliance.access import AccessFilter
from appliance.models import (
    AuditEvent,
    EmbedderIdentity,
    Hit,
    HybridQuery,
    IndexedChunk,
    Matrix,
    Prompt,
    Receipt,
    Token,
    Vector,
)


class Embedder(Protocol):
    """Texts to vectors. Safe to call from several threads at once."""

    @property
    def identity(self) -> EmbedderIdentity:
        """Which model, with which prefixes; two identities that differ must not share a collection."""

    def embed_query(self, text: str) -> Vector:
        """One question to shape (dimensions,)."""

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        """Passages to shape (len(texts), dimensions), in order."""


class ChunkIndex(Protocol):
    """The chunks' vectors and terms. What returned from a writing call survives kill -9.

    Raises IndexUnavailable when the engine fails and InvalidVector for a vector that is not finite or not of the
    collection's dimensions; then nothing of the call's batch is stored.
    """

    def upsert(self, chunks: Sequence[IndexedChunk]) -> None:
        """Store or replace chunks by id."""

    def delete(self, *, document: str, version: str | None = None) -> None:
        """Remove the chunks of a document, or of one version of it."""

    def set_access(self, *, document: str, acl_id: int) -> None:
        """Move all chunks of a document to another access list; vectors stay as they are."""

    def search(self, query: HybridQuery, *, access: AccessFilter) -> list[Hit]:
        """At most `query.limit` hits that `access` admits, best first; equal scores in the order of chunk ids."""

    def count(self, *, access: AccessFilter) -> int:
        """How many chunks `access` admits."""

    def inventory(self) -> Iterator[tuple[str, str, str, int | None]]:
        """Every stored chunk as (chunk id, document, version, access list id), for reconciliation: no content."""

    def close(self) -> None:
        """Flush and release the storage; the index cannot be used after."""


class ChatModel(Protocol):
    """Writes an answer from numbered passages. Closing the generator stops its work."""

    @property
    def name(self) -> str:
        """What the audit log calls this model."""

    def stream(self, prompt: Prompt) -> AsyncGenerator[Token, None]:
        """The answer in pieces; `[n]` in an unquoted piece cites passage n."""


class AuditSink(Protocol):
    """The one writer of the audit log. Raises AuditUnavailable; whoever asked must then not go on."""

    def submit(self, event: AuditEvent) -> Future[Receipt]:
        """Hand over an event; the future is done when the event is durable."""

    def commit(self, event: AuditEvent) -> Receipt:
        """Hand over an event and wait until it is durable."""
