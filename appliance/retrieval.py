"""Retrieval: one question in, numbered passages out that its asker may see now.

    (a) embed the question and take its terms      component `embedder`
    (b) hybrid search inside the access filter     component `retriever`
    (c) keep what is current and still admitted    here, outside the pipeline: no pipeline can skip it
    (d) search wider while stale hits took places, here
        and again where a document has just changed
    (e) number the passages

An integrator may replace the pipeline; (c) stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from haystack import Pipeline, component
from haystack.core.errors import PipelineRuntimeError

from appliance.access import AccessFilter, decide
from appliance.errors import QuestionEmpty, own_cause
from appliance.models import Hit, HybridQuery, Passage, Principal
from appliance.protocols import ChunkIndex, Embedder
from appliance.store.registry import Found, Registry

_WIDEST = 400  # hits; a search of as many or more is not widened again
_AGAIN = 3  # searches more, where all hits came and some of them were of a version replaced between (b) and (c)


@component
class QuestionEmbedder:
    """A question to the query that the index takes: its vector and its terms."""

    def __init__(self, embedder: Embedder, terms: Callable[[str], tuple[int, ...]]) -> None:
        self._embedder = embedder
        self._terms = terms

    @component.output_types(query=HybridQuery)
    def run(self, question: str, limit: int) -> dict[str, HybridQuery]:
        """One query for one question."""
        return {"query": HybridQuery(self._embedder.embed_query(question), self._terms(question), limit)}


@component
class AclHybridRetriever:
    """Hybrid search inside an access filter, which is a required input: there is no search without one."""

    def __init__(self, index: ChunkIndex) -> None:
        self._index = index

    @component.output_types(hits=list[Hit])
    def run(self, query: HybridQuery, access: AccessFilter) -> dict[str, list[Hit]]:
        """Hits that `access` admits, best first."""
        return {"hits": self._index.search(query, access=access)}


def retrieval_pipeline(embedder: Embedder, terms: Callable[[str], tuple[int, ...]], index: ChunkIndex) -> Pipeline:
    """The pipeline of (a) and (b)."""
    pipeline = Pipeline()
    pipeline.add_component("embedder", QuestionEmbedder(embedder, terms))
    pipeline.add_component("retriever", AclHybridRetriever(index))
    pipeline.connect("embedder.query", "retriever.query")
    return pipeline


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What a question found. `dropped` hits were stale or no longer admitted, and are in nothing that is shown."""

    passages: tuple[Passage, ...]
    dropped: int


class Retrieval:
    """The flow above."""

    def __init__(self, pipeline: Pipeline, registry: Registry) -> None:
        self._pipeline = pipeline
        self._registry = registry

    def passages(self, question: str, limit: int, *, principal: Principal, access: AccessFilter) -> Retrieved:
        """At most `limit` passages, best first. Raises QuestionEmpty where nothing is asked."""
        if not question.strip():
            raise QuestionEmpty()
        width, again = limit * 2, _AGAIN
        while True:
            hits = self._search(question, width, access)
            kept = self._keep(hits, principal, access)
            if len(kept) >= limit:
                break
            if len(hits) < width:
                if len(kept) == len(hits) or not again:
                    break
                again -= 1
            elif width < _WIDEST:
                width *= 4
            else:
                break
        numbered = tuple(self._number(n, hit, found) for n, (hit, found) in enumerate(kept[:limit], 1))
        return Retrieved(numbered, len(hits) - len(kept))

    def _search(self, question: str, width: int, access: AccessFilter) -> list[Hit]:
        inputs = {"embedder": {"question": question, "limit": width}, "retriever": {"access": access}}
        try:
            hits: list[Hit] = self._pipeline.run(inputs)["retriever"]["hits"]
        except PipelineRuntimeError as error:
            if (own := own_cause(error)) is not None:
                raise own from own.__cause__
            raise
        return hits

    def _keep(self, hits: list[Hit], principal: Principal, access: AccessFilter) -> list[tuple[Hit, Found]]:
        now = datetime.now(UTC)
        current = self._registry.current([hit.chunk for hit in hits])
        return [
            (hit, found)
            for hit in hits
            if (found := current.get(hit.chunk)) is not None
            and access.admits(found.document.acl_id)
            and decide(principal, self._registry.lists[found.document.acl_id], now)
        ]

    def _number(self, number: int, hit: Hit, found: Found) -> Passage:
        return Passage(
            number=number,
            chunk=found.chunk,
            document=found.document,
            classification=self._registry.lists[found.document.acl_id].classification,
            part=found.part,
            picture=found.picture,
            score=hit.score,
            cosine=hit.cosine,
            coverage=hit.coverage,
        )
