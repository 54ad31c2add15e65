"""Our questions and chunks in qdrant-client's terms. The access filter is put on here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from qdrant_client import models as qdrant

from appliance.access import AccessFilter
from appliance.index.hybrid import ByTerms, Question, just_below
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


def admitted(access: AccessFilter) -> qdrant.Filter:
    """What `access` admits. A point without the field matches none of the numbers, nor does any when there are none."""
    return qdrant.Filter(must=[qdrant.FieldCondition(key="acl_id", match=qdrant.MatchAny(any=list(access.allowed)))])


def narrowed(rights: qdrant.Filter, among: Iterable[UUID] | None) -> qdrant.Filter:
    """Those of the chunks `among` that `rights` admit; all of them for None."""
    if among is None:
        return rights
    return qdrant.Filter(must=[rights, qdrant.HasIdCondition(has_id=[str(chunk) for chunk in among])])


def of_document(document: str, version: str | None) -> qdrant.Filter:
    """The chunks of a document, or of one version of it."""
    conditions: list[qdrant.Condition] = [
        qdrant.FieldCondition(key="document", match=qdrant.MatchValue(value=document))
    ]
    if version is not None:
        conditions.append(qdrant.FieldCondition(key="version", match=qdrant.MatchValue(value=version)))
    return qdrant.Filter(must=conditions)


def request(question: Question, rights: qdrant.Filter) -> qdrant.QueryRequest:
    """One leg within `rights`, exact, without payload."""
    chosen = narrowed(rights, question.among)
    if isinstance(question, ByTerms):
        return qdrant.QueryRequest(
            limit=question.limit,
            query=_values(question),
            using=TERMS,
            filter=chosen,
            params=_within(rights),
            with_payload=False,
        )
    return qdrant.QueryRequest(
        limit=question.limit,
        query=[] if question.vector is None else question.vector.tolist(),
        using=DENSE,
        prefetch=None if question.matching is None else _prefetched(question.matching, rights),
        filter=chosen,
        params=qdrant.SearchParams(exact=True),
        with_payload=False,
    )


def _prefetched(question: ByTerms, rights: qdrant.Filter) -> qdrant.Prefetch:
    return qdrant.Prefetch(
        limit=question.limit,
        query=_values(question),
        using=TERMS,
        filter=rights,
        params=_within(rights),
        score_threshold=None if question.at_least is None else just_below(question.at_least),
    )


def _values(question: ByTerms) -> qdrant.SparseVector:
    return qdrant.SparseVector(indices=list(question.terms), values=[1.0] * len(question.terms))


def _within(rights: qdrant.Filter) -> qdrant.SearchParams:
    # Without its own population, idf would count hidden chunks, and scores of visible ones would tell of them.
    return qdrant.SearchParams(exact=True, idf=qdrant.IdfCorpusParams(corpus=rights))
