"""The implementations of ChunkIndex for the contract suite, with hands that reach behind each adapter's back.

A test of reading plants its points here, so it does not trust the adapter's writing; a test of writing looks here.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
import qdrant_edge
from qdrant_client import QdrantClient
from qdrant_client import models as qdrant

from appliance.access import AccessFilter
from appliance.index.collection import Collection
from appliance.index.edge import EdgeIndex
from appliance.index.hybrid import Engine
from appliance.index.process import EdgeProcess
from appliance.index.qdrant import MEMORY, QdrantIndex
from appliance.models import EmbedderIdentity, HybridQuery, IndexedChunk, Vector
from appliance.protocols import ChunkIndex

DIMENSIONS = 4
COLLECTION = Collection(EmbedderIdentity("test", DIMENSIONS, "q: ", "p: ", "ab" * 32), "letters 1")


def vector(*numbers: float) -> Vector:
    made: Vector = np.asarray(numbers, dtype=np.float32)
    return made / np.float32(np.linalg.norm(made))


EAST, NORTH, BETWEEN = vector(1, 0, 0, 0), vector(0, 1, 0, 0), vector(1, 1, 0, 0)


def number(n: int) -> str:
    """A chunk id that sorts as its number does."""
    return str(uuid.UUID(int=n))


def chunk(n: int, dense: Vector = EAST, terms: tuple[int, ...] = (1,), **other: object) -> IndexedChunk:
    made = IndexedChunk(number(n), f"document-{n}", "v1", 7, dense, terms)
    return replace(made, **other)


def may_see(*lists: int) -> AccessFilter:
    return AccessFilter("aki", tuple(sorted(lists)))


def asking(dense: Vector | None = EAST, terms: tuple[int, ...] = (1,), limit: int = 10) -> HybridQuery:
    return HybridQuery(dense, terms, limit)


@dataclass(frozen=True)
class RawPoint:
    """A point as the engine has it."""

    id: str
    payload: Mapping[str, object]
    dense: tuple[float, ...] = ()
    terms: tuple[int, ...] = field(default=())


def raw(n: int, dense: Vector = EAST, terms: tuple[int, ...] = (1,), **payload: object) -> RawPoint:
    """A point to plant; by default visible to list 7. A payload value of None leaves the field out."""
    whole = {"acl_id": 7, "document": f"document-{n}", "version": "v1"} | payload
    kept = {name: value for name, value in whole.items() if value is not None}
    return RawPoint(number(n), kept, tuple(dense.tolist()), terms)


class Case(Protocol):
    """One implementation under test."""

    index: ChunkIndex

    @property
    def engine(self) -> Engine:
        """The questions that the search is made of, asked directly."""

    def plant(self, *points: RawPoint) -> None: ...

    def stored(self) -> dict[str, RawPoint]: ...


class EdgeCase:
    """Qdrant Edge in a folder; the shard is opened by the bare library while the adapter is away."""

    def __init__(self, folder: Path, adapter: type[EdgeIndex] | type[EdgeProcess]) -> None:
        self.folder = folder
        self._adapter = adapter
        self.index = adapter(folder, COLLECTION)

    @property
    def engine(self) -> Engine:
        if isinstance(self.index, EdgeProcess):
            pytest.skip("the process asks through EdgeIndex, which is asked in its own case")
        return self.index

    def plant(self, *points: RawPoint) -> None:
        made = [
            qdrant_edge.Point(
                uuid.UUID(p.id),
                {"dense": list(p.dense), "terms": qdrant_edge.SparseVector(list(p.terms), [1.0] * len(p.terms))},
                dict(p.payload),
            )
            for p in points
        ]
        self._bare(lambda shard: shard.update(qdrant_edge.UpdateOperation.upsert_points(made)))

    def stored(self) -> dict[str, RawPoint]:
        request = qdrant_edge.ScrollRequest(limit=10_000, with_payload=True, with_vector=True)
        records, _ = self._bare(lambda shard: shard.scroll(request))
        return {
            str(r.id): RawPoint(str(r.id), r.payload, tuple(r.vector["dense"]), tuple(r.vector["terms"].indices))
            for r in records
        }

    def _bare(self, act: Callable[[qdrant_edge.EdgeShard], object]) -> object:
        self.index.close()
        shard = qdrant_edge.EdgeShard.load(str(self.folder / "shard"))
        try:
            done = act(shard)
            shard.flush()
        finally:
            shard.close()
        self.index = self._adapter(self.folder, COLLECTION)
        return done


class ClientCase:
    """qdrant-client, in memory or on the server of QDRANT_URL; the bare client works beside the adapter."""

    def __init__(self, url: str) -> None:
        self.name = f"contract-{uuid.uuid4().hex}"
        key = os.environ.get("QDRANT_API_KEY")
        self.index = QdrantIndex(url, api_key=key, name=self.name, collection=COLLECTION)
        # A store in memory lives in its client: it is the one thing that must be shared with the adapter.
        self.bare: QdrantClient = self.index._client if url == MEMORY else QdrantClient(url, api_key=key)

    @property
    def engine(self) -> Engine:
        return self.index

    def plant(self, *points: RawPoint) -> None:
        made = [
            qdrant.PointStruct(
                id=p.id,
                vector={
                    "dense": list(p.dense),
                    "terms": qdrant.SparseVector(indices=list(p.terms), values=[1.0] * len(p.terms)),
                },
                payload=dict(p.payload),
            )
            for p in points
        ]
        self.bare.upsert(self.name, made, wait=True)

    def stored(self) -> dict[str, RawPoint]:
        records, _ = self.bare.scroll(self.name, limit=10_000, with_payload=True, with_vectors=True)
        return {
            str(r.id): RawPoint(str(r.id), r.payload, tuple(r.vector["dense"]), tuple(r.vector["terms"].indices))
            for r in records
        }
