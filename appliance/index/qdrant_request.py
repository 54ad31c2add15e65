"""Our questions and chunks in qdrant-client's terms. The access filter is put on here, and nowhere else."""

from __future__ import annotations

from qdrant_client import models as qdrant

from appliance.access import AccessFilter
from appliance.index.hybrid import ByVector, Question
from appliance.models import IndexedChunk

DENSE, TERMS = "dense", "terms"


def vectors(dimensions: int) -> dict[str, qdrant.VectorParams]:
    """The dense vector, without a graph: an exact scan is complete under any access filter."""
    no_graph = qdrant.HnswConfigDiff(m=0)
    return {DENSE: qdrant.VectorParams(size=dimensions, distance=qdrant.Distance.COSINE, hnsw_config=no_graph)}


def sparse_vectors() -> dict[str, qdrant.SparseVectorParams]:
    """The terms, weighed by the engine with their idf."""
    return {TERMS: qdrant.SparseVectorParams(modifier=qdrant.Modifier.IDF)}


def point(chunk: IndexedChunk) -> qdrant.PointStruct:
    """A chunk as the engine stores it: presence of a term is 1.0, the engine multiplies by its idf."""
    terms = sorted(set(chunk.terms))
    return qdrant.PointStruct(
        id=chunk.id,
        vector={DENSE: chunk.dense.tolist(), TERMS: qdrant.SparseVector(indices=terms, values=[1.0] * len(terms))},
        payload={"acl_id": chunk.acl_id, "document": chunk.document, "version": chunk.version},
    )


def admitted(access: AccessFilter, among: frozenset[str] | None = None) -> qdrant.Filter:
    """What `access` admits. A point without the field matches none of the numbers, nor does any when there are none."""
    conditions: list[qdrant.Condition] = [
        qdrant.FieldCondition(key="acl_id", match=qdrant.MatchAny(any=list(access.allowed)))
    ]
    if among is not None:
        conditions.append(qdrant.HasIdCondition(has_id=sorted(among)))
    return qdrant.Filter(must=conditions)


def of_document(document: str, version: str | None) -> qdrant.Filter:
    """The chunks of a document, or of one version of it."""
    conditions: list[qdrant.Condition] = [
        qdrant.FieldCondition(key="document", match=qdrant.MatchValue(value=document))
    ]
    if version is not None:
        conditions.append(qdrant.FieldCondition(key="version", match=qdrant.MatchValue(value=version)))
    return qdrant.Filter(must=conditions)


def request(question: Question, access: AccessFilter) -> qdrant.QueryRequest:
    """One leg within `access`, exact, without payload; the idf of terms counts what `access` admits."""
    if isinstance(question, ByVector):
        return qdrant.QueryRequest(
            limit=question.limit,
            query=question.vector.tolist(),
            using=DENSE,
            filter=admitted(access, question.among),
            params=qdrant.SearchParams(exact=True),
            with_payload=False,
        )
    return qdrant.QueryRequest(
        limit=question.limit,
        query=qdrant.SparseVector(indices=list(question.terms), values=[1.0] * len(question.terms)),
        using=TERMS,
        filter=admitted(access, question.among),
        # Without its own population, idf would count hidden chunks, and scores of visible ones would tell of them.
        params=qdrant.SearchParams(exact=True, idf=qdrant.IdfCorpusParams(corpus=admitted(access))),
        with_payload=False,
    )
