"""Our questions and chunks in Qdrant Edge's terms. The access filter is put on here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import qdrant_edge as qdrant

from appliance.access import AccessFilter
from appliance.index.hybrid import ByTerms, Question, just_below
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


def admitted(access: AccessFilter) -> qdrant.Filter:
    """What `access` admits. A point without the field matches none of the numbers, nor does any when there are none."""
    return qdrant.Filter(must=[qdrant.FieldCondition("acl_id", match=qdrant.MatchAny(list(access.allowed)))])


def narrowed(rights: qdrant.Filter, among: Iterable[UUID] | None) -> qdrant.Filter:
    """Those of the chunks `among` that `rights` admit; all of them for None."""
    return rights if among is None else qdrant.Filter(must=[rights, qdrant.HasIdCondition(set(among))])


def of_document(document: str, version: str | None) -> qdrant.Filter:
    """The chunks of a document, or of one version of it."""
    conditions = [qdrant.FieldCondition("document", match=qdrant.MatchValue(document))]
    if version is not None:
        conditions.append(qdrant.FieldCondition("version", match=qdrant.MatchValue(version)))
    return qdrant.Filter(must=[*conditions])


def request(question: Question, rights: qdrant.Filter) -> qdrant.QueryRequest:
    """One leg within `rights`, exact, without payload."""
    if isinstance(question, ByTerms):
        query, params = _by_terms(question, rights)
        chosen = narrowed(rights, question.among)
        return qdrant.QueryRequest(limit=question.limit, query=query, filter=chosen, params=params)
    return qdrant.QueryRequest(
        limit=question.limit,
        query=qdrant.Query.Nearest([] if question.vector is None else question.vector.tolist(), using=DENSE),
        prefetches=[] if question.matching is None else [_prefetched(question.matching, rights)],
        filter=narrowed(rights, question.among),
        params=qdrant.SearchParams(exact=True),
    )


def _prefetched(question: ByTerms, rights: qdrant.Filter) -> qdrant.Prefetch:
    query, params = _by_terms(question, rights)
    threshold = None if question.at_least is None else just_below(question.at_least)
    return qdrant.Prefetch(limit=question.limit, query=query, filter=rights, params=params, score_threshold=threshold)


def _by_terms(question: ByTerms, rights: qdrant.Filter) -> tuple[qdrant.Query, qdrant.SearchParams]:
    values = qdrant.SparseVector(list(question.terms), [1.0] * len(question.terms))
    # Without its own population, idf would count hidden chunks, and scores of visible ones would tell of them.
    params = qdrant.SearchParams(exact=True, idf=qdrant.IdfParams(corpus=rights))
    return qdrant.Query.Nearest(values, using=TERMS), params
