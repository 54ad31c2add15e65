"""The search that both engines run: two legs, the missing half of each candidate, one score.

(1) A person who may see nothing gets nothing, and the engine is not asked.
(2) One batch: the chunks nearest by vector, those with the greatest idf sum of matched terms, and the idf of each
    single term that is not known yet for these rights.
(3) A leg that ends in a tie is asked again, wider: which of the equals came first is chance.
(4) What only one leg found is asked for by id in the other.
(5) Fuse, order by score and then chunk id, cut.
(6) Read the ids' payload, through the access filter again.

Every engine question carries the access filter, and term statistics come from what it admits: `Engine.ask` has no form
without it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from appliance.access import AccessFilter
from appliance.index.fusion import coverage, fused, idf_ceiling
from appliance.models import Hit, HybridQuery, Vector

CANDIDATES = 50  # of each leg; more changes no figure of tests/bench/retrieval.py
WIDER = 1_000  # of a leg that ended in a tie
_RIGHTS_KEPT = 256

Ranked = list[tuple[str, float]]  # (chunk id, score), best first


@dataclass(frozen=True, slots=True)
class ByVector:
    """The nearest chunks, scored by cosine; `among` narrows to these chunk ids."""

    vector: Vector
    limit: int
    among: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class ByTerms:
    """The chunks with at least one of the terms, scored by the sum of the matched terms' idf."""

    terms: tuple[int, ...]
    limit: int
    among: frozenset[str] | None = None


Question = ByVector | ByTerms


@dataclass(frozen=True, slots=True)
class Stored:
    """What the engine keeps beside the vectors of a chunk."""

    document: str
    version: str
    acl_id: int

    @staticmethod
    def of(payload: Mapping[str, object]) -> Stored:
        """The payload as a value. A field that is missing becomes empty, and -1, which is no access list's id."""
        acl_id = payload.get("acl_id")
        return Stored(
            str(payload.get("document", "")),
            str(payload.get("version", "")),
            acl_id if isinstance(acl_id, int) else -1,
        )


class Engine(Protocol):
    """What `search` asks of Qdrant, in process or on a server."""

    def ask(self, questions: Sequence[Question], *, access: AccessFilter) -> list[Ranked]:
        """Answer each question within `access`, which is also the population of the idf."""

    def count(self, *, access: AccessFilter) -> int:
        """How many chunks `access` admits."""

    def stored(self, chunks: Sequence[str], *, access: AccessFilter) -> dict[str, Stored]:
        """The payload of those of the chunks that `access` still admits."""


class TermWeights:
    """The idf of single terms per set of rights, forgotten at every write. Not safe for threads: the owner locks."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, ...], dict[int, float]] = OrderedDict()

    def forget(self) -> None:
        """Drop everything: the index has changed."""
        self._known.clear()

    def within(self, access: AccessFilter) -> dict[int, float]:
        """The weights known for these rights, to be read and added to."""
        weights = self._known.setdefault(access.allowed, {})
        self._known.move_to_end(access.allowed)
        if len(self._known) > _RIGHTS_KEPT:
            self._known.popitem(last=False)
        return weights


def search(engine: Engine, query: HybridQuery, *, access: AccessFilter, weights: dict[int, float]) -> list[Hit]:
    """At most `query.limit` hits within `access`, best first. `weights` belong to these rights and are added to."""
    # (1)
    if not access.allowed or query.limit < 1:
        return []
    # (2)
    near, matching = _legs(query, max(CANDIDATES, query.limit) + 1)  # the one more shows whether the cut is a tie
    legs = [leg for leg in (near, matching) if leg is not None]
    unknown = [term for term in query.terms if term not in weights]
    answers = engine.ask([*legs, *(ByTerms((term,), 1) for term in unknown)], access=access)
    _learn(engine, dict(zip(unknown, answers[len(legs) :], strict=True)), access=access, weights=weights)
    # (3)
    ranked = [
        engine.ask([replace(leg, limit=WIDER)], access=access)[0] if _cut_in_a_tie(answer, leg.limit) else answer
        for leg, answer in zip(legs, answers, strict=False)
    ]
    cosines = dict(ranked.pop(0)) if near is not None else {}
    matched = dict(ranked.pop(0)) if matching is not None else {}
    # (4)
    _complete(engine, (near, cosines), (matching, matched), access=access)
    # (5)
    idfs = [weights[term] for term in query.terms]
    found = {chunk: (cosines.get(chunk, 0.0), coverage(matched.get(chunk, 0.0), idfs)) for chunk in cosines | matched}
    best = sorted(found, key=lambda chunk: (-fused(*found[chunk]), chunk))[: query.limit]
    # (6)
    stored = engine.stored(best, access=access)
    return [_hit(chunk, stored[chunk], *found[chunk]) for chunk in best if chunk in stored]


def _legs(query: HybridQuery, limit: int) -> tuple[ByVector | None, ByTerms | None]:
    near = None if query.dense is None else ByVector(query.dense, limit)
    return near, ByTerms(query.terms, limit) if query.terms else None


def _learn(engine: Engine, tops: dict[int, Ranked], *, access: AccessFilter, weights: dict[int, float]) -> None:
    """Keep each term's idf: the score of any chunk that has it, or the ceiling where no visible chunk has it."""
    weights.update({term: top[0][1] for term, top in tops.items() if top})
    if absent := [term for term, top in tops.items() if not top]:
        weights.update(dict.fromkeys(absent, idf_ceiling(engine.count(access=access))))


def _cut_in_a_tie(answer: Ranked, limit: int) -> bool:
    return len(answer) == limit and answer[-1][1] == answer[-2][1]


def _complete(
    engine: Engine,
    near: tuple[ByVector | None, dict[str, float]],
    matching: tuple[ByTerms | None, dict[str, float]],
    *,
    access: AccessFilter,
) -> None:
    """Add to each leg's scores those of the chunks that only the other leg found."""
    questions: list[Question] = []
    open_legs = []
    for (leg, scores), (_, others) in ((near, matching), (matching, near)):
        missing = frozenset(others) - frozenset(scores)
        if leg is not None and missing:
            questions.append(replace(leg, limit=len(missing), among=missing))
            open_legs.append(scores)
    if questions:
        for scores, answer in zip(open_legs, engine.ask(questions, access=access), strict=True):
            scores.update(answer)


def _hit(chunk: str, kept: Stored, cosine: float, covered: float) -> Hit:
    return Hit(chunk, kept.document, kept.version, kept.acl_id, fused(cosine, covered), cosine, covered)
