"""The search that both engines run: two legs, the missing half of each candidate, one score.

(1) A person who may see nothing gets nothing, and the engine is not asked.
(2) One batch: the chunks nearest by vector, those with the greatest idf sum of matched terms, and the idf of each
    single term that is not known yet for these rights.
(3) A leg is cut where its scores differ, not among equals, where chance would choose. Where that leaves too little (a
    common word, many copies of a text), the nearest of all that tie are asked for.
(4) What only one leg found is asked for by id in the other.
(5) Fuse, order by score and then chunk id, cut.
(6) Read the payload, and once more only of what the access filter admits.

Every engine question carries the access filter, and term statistics come from what it admits: `Engine.ask` has no form
without it.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID

import numpy as np

from appliance.access import AccessFilter
from appliance.index.fusion import coverage, fused, idf_ceiling
from appliance.models import Hit, HybridQuery, Vector

CANDIDATES = 50  # of each leg; more changes no figure of tests/bench/retrieval.py
ENOUGH = 25  # candidates that must be left of a leg whose end is cut off
WIDER = 10_000  # chunks that may tie by their words
COPIES = 1_000  # chunks that may tie by their vector: copies of one text
_RIGHTS_KEPT = 256

Ranked = list[tuple[UUID, float]]  # (chunk id, score), best first


@dataclass(frozen=True, slots=True)
class ByTerms:
    """The chunks with at least one of the terms, scored by the sum of the matched terms' idf.

    `among` narrows to these chunks, `at_least` to those with this score or more. No terms: no chunks.
    """

    terms: tuple[int, ...]
    limit: int
    among: frozenset[UUID] | None = None
    at_least: float | None = None


@dataclass(frozen=True, slots=True)
class ByVector:
    """The nearest chunks, scored by cosine. No vector: no chunks.

    `among` narrows to these chunks, `matching` to the best of another question.
    """

    vector: Vector | None
    limit: int
    among: frozenset[UUID] | None = None
    matching: ByTerms | None = None


Question = ByVector | ByTerms


@dataclass(frozen=True, slots=True)
class Stored:
    """What the engine keeps beside the vectors of a chunk."""

    document: str
    version: str
    acl_id: int


class Engine(Protocol):
    """What `search` asks of Qdrant, in process or on a server."""

    def ask(self, questions: Sequence[Question], *, access: AccessFilter) -> list[Ranked]:
        """Answer each question within `access`, which is also the population of the idf; empty ones without asking."""

    def count(self, *, access: AccessFilter) -> int:
        """How many chunks `access` admits."""

    def stored(self, chunks: Sequence[UUID], *, access: AccessFilter) -> dict[UUID, Stored]:
        """The payload of those of the chunks that `access` still admits."""


def admitted(payloads: Mapping[UUID, Mapping[str, object] | None], *, access: AccessFilter) -> dict[UUID, Stored]:
    """The payloads whose access list `access` admits. One without a list, or with something else there, is hidden."""
    allowed = frozenset(access.allowed)
    return {
        chunk: Stored(str(payload.get("document", "")), str(payload.get("version", "")), acl_id)
        for chunk, payload in payloads.items()
        if payload is not None and isinstance(acl_id := payload.get("acl_id"), int) and acl_id in allowed
    }


def asks_for_something(question: Question) -> bool:
    """Whether an engine has to be asked at all; if not, the answer is empty."""
    if question.among is not None and not question.among:
        return False
    return question.vector is not None if isinstance(question, ByVector) else bool(question.terms)


def just_below(score: float) -> float:
    """The greatest single-precision number under a score: Qdrant's threshold excludes the threshold itself."""
    return float(np.nextafter(np.float32(score), np.float32(-np.inf)))


@dataclass(slots=True)
class Weights:
    """The idf of single terms within one set of rights, filled as terms are asked for."""

    known: dict[int, float] = field(default_factory=dict)
    ceiling: float | None = None  # of terms that no visible chunk has


class TermWeights:
    """`Weights` per set of rights, forgotten at every write. Not safe for threads: the owner locks."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, ...], Weights] = OrderedDict()

    def forget(self) -> None:
        """Drop everything: the index has changed."""
        self._kept.clear()

    def within(self, access: AccessFilter) -> Weights:
        """What is known for these rights, to be read and added to."""
        weights = self._kept.setdefault(access.allowed, Weights())
        self._kept.move_to_end(access.allowed)
        if len(self._kept) > _RIGHTS_KEPT:
            self._kept.popitem(last=False)
        return weights


def search(engine: Engine, query: HybridQuery, *, access: AccessFilter, weights: Weights) -> list[Hit]:
    """At most `query.limit` hits within `access`, best first. `weights` belong to these rights and are added to."""
    # (1)
    if not access.allowed or query.limit < 1:
        return []
    # (2)
    near, matching = _legs(query)
    unknown = [term for term in query.terms if term not in weights.known]
    near_answer, matching_answer, *single = engine.ask(
        [near, matching, *(ByTerms((term,), 1) for term in unknown)], access=access
    )
    _learn(engine, dict(zip(unknown, single, strict=True)), access=access, weights=weights)
    # (3)
    enough = max(ENOUGH, query.limit)
    cosines = dict(_clear(near_answer, near.limit))
    # By terms alone there is no second opinion on equals: they stay.
    matched = dict(matching_answer if query.dense is None else _clear(matching_answer, matching.limit))
    again: list[Question] = []
    if _cut_among_equals(near_answer, near.limit, enough):
        again.append(replace(near, limit=COPIES))
    if _cut_among_equals(matching_answer, matching.limit, enough):
        again.append(replace(near, matching=replace(matching, limit=WIDER, at_least=matching_answer[-1][1])))
    for answer in engine.ask(again, access=access):
        cosines.update(answer)
    # (4)
    for scores, answer in _missing(engine, (near, cosines), (matching, matched), access=access):
        scores.update(answer)
    # (5)
    whole = math.fsum(weights.known[term] for term in query.terms)
    found = {chunk: (cosines.get(chunk, 0.0), coverage(matched.get(chunk, 0.0), whole)) for chunk in cosines | matched}
    best = sorted(found, key=lambda chunk: (-fused(*found[chunk]), chunk))[: query.limit]
    # (6)
    stored = engine.stored(best, access=access)
    return [_hit(chunk, stored[chunk], *found[chunk]) for chunk in best if chunk in stored]


def _legs(query: HybridQuery) -> tuple[ByVector, ByTerms]:
    size = max(CANDIDATES, query.limit) + 1  # the one more shows where a leg can be cut
    return ByVector(query.dense, size), ByTerms(query.terms, size)


def _learn(engine: Engine, tops: dict[int, Ranked], *, access: AccessFilter, weights: Weights) -> None:
    """Keep each term's idf: the score of any chunk that has it, or the ceiling where no visible chunk has it."""
    weights.known.update({term: top[0][1] for term, top in tops.items() if top})
    absent = [term for term, top in tops.items() if not top]
    if absent and weights.ceiling is None:
        weights.ceiling = idf_ceiling(engine.count(access=access))
    weights.known.update((term, weights.ceiling) for term in absent if weights.ceiling is not None)


def _clear(answer: Ranked, limit: int) -> Ranked:
    """The answer up to where chance decided: a full one without those that have its last score."""
    return answer if len(answer) < limit else [each for each in answer if each[1] > answer[-1][1]]


def _cut_among_equals(answer: Ranked, limit: int, enough: int) -> bool:
    return len(answer) == limit and answer[min(enough, limit - 1) - 1][1] == answer[-1][1]


def _missing(
    engine: Engine,
    near: tuple[ByVector, dict[UUID, float]],
    matching: tuple[ByTerms, dict[UUID, float]],
    *,
    access: AccessFilter,
) -> list[tuple[dict[UUID, float], Ranked]]:
    """For each leg, its scores of the chunks that only the other one found."""
    (by_vector, cosines), (by_terms, matched) = near, matching
    lacking = [frozenset(matched.keys() - cosines.keys()), frozenset(cosines.keys() - matched.keys())]
    near_answer, matching_answer = engine.ask(
        [
            replace(by_vector, limit=len(lacking[0]), among=lacking[0]),
            replace(by_terms, limit=len(lacking[1]), among=lacking[1]),
        ],
        access=access,
    )
    return [(cosines, near_answer), (matched, matching_answer)]


def _hit(chunk: UUID, kept: Stored, cosine: float, covered: float) -> Hit:
    return Hit(str(chunk), kept.document, kept.version, kept.acl_id, fused(cosine, covered), cosine, covered)
