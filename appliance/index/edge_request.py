"""Our questions and chunks in Qdrant Edge's terms. The access filter is put on here, and nowhere else."""

from __future__ import annotations

from uuid import UUID

import qdrant_edge as qdrant

from appliance.access import AccessFilter
from appliance.index.hybrid import ByVector, Question
from appliance.models import IndexedChunk

DENSE, TERMS = "dense", "terms"
_NEVER = 10**9  # a threshold in KB or points that is not reached


def config(dimensions: int) -> qdrant.EdgeConfig:
    """A shard with both vectors, a write-ahead log and no graph."""
    return qdrant.EdgeConfig(
        vectors={DENSE: qdrant.EdgeVectorParams(size=dimensions, distance=qdrant.Distance.Cosine)},
        sparse_vectors={TERMS: qdrant.EdgeSparseVectorParams(modifier=qdrant.Modifier.Idf)},
        hnsw_config=qdrant.HnswIndexConfig(m=0, ef_construct=16, full_scan_threshold=_NEVER),
        optimizers=qdrant.EdgeOptimizersConfig(indexing_threshold=_NEVER),
        wal_enabled=True,
    )


def point(chunk: IndexedChunk) -> qdrant.Point:
    """A chunk as the engine stores it: presence of a term is 1.0, the engine multiplies by its idf."""
    terms = sorted(set(chunk.terms))
    return qdrant.Point(
        UUID(chunk.id),
        {DENSE: chunk.dense.tolist(), TERMS: qdrant.SparseVector(terms, [1.0] * len(terms))},
        {"acl_id": chunk.acl_id, "document": chunk.document, "version": chunk.version},
    )


def admitted(access: AccessFilter, among: frozenset[str] | None = None) -> qdrant.Filter:
    """What `access` admits. A point without the field matches none of the numbers, nor does any when there are none."""
    conditions: list[qdrant.FieldCondition | qdrant.HasIdCondition] = [
        qdrant.FieldCondition("acl_id", match=qdrant.MatchAny(list(access.allowed)))
    ]
    if among is not None:
        conditions.append(qdrant.HasIdCondition({UUID(chunk) for chunk in among}))
    return qdrant.Filter(must=[*conditions])


def of_document(document: str, version: str | None) -> qdrant.Filter:
    """The chunks of a document, or of one version of it."""
    conditions = [qdrant.FieldCondition("document", match=qdrant.MatchValue(document))]
    if version is not None:
        conditions.append(qdrant.FieldCondition("version", match=qdrant.MatchValue(version)))
    return qdrant.Filter(must=[*conditions])


def request(question: Question, access: AccessFilter) -> qdrant.QueryRequest:
    """One leg within `access`, exact, without payload; the idf of terms counts what `access` admits."""
    if isinstance(question, ByVector):
        return qdrant.QueryRequest(
            limit=question.limit,
            query=qdrant.Query.Nearest(question.vector.tolist(), using=DENSE),
            filter=admitted(access, question.among),
            params=qdrant.SearchParams(exact=True),
        )
    values = qdrant.SparseVector(list(question.terms), [1.0] * len(question.terms))
    return qdrant.QueryRequest(
        limit=question.limit,
        query=qdrant.Query.Nearest(values, using=TERMS),
        filter=admitted(access, question.among),
        # Without its own population, idf would count hidden chunks, and scores of visible ones would tell of them.
        params=qdrant.SearchParams(exact=True, idf=qdrant.IdfParams(corpus=admitted(access))),
    )
