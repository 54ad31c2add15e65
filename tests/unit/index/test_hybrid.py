from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import numpy as np

from appliance.access import AccessFilter
from appliance.index.fusion import idf_ceiling
from appliance.index.hybrid import (
    COPIES,
    WIDER,
    ByVector,
    Question,
    Ranked,
    Stored,
    TermWeights,
    Weights,
    admitted,
    asks_for_something,
    just_below,
    search,
)
from appliance.models import HybridQuery
from tests.contract.index_cases import EAST, asking, may_see


def uid(n: int) -> UUID:
    return UUID(int=n)


class Recorded:
    """An engine that answers from two lists and keeps what it was asked."""

    def __init__(self, near: Ranked, matching: Ranked) -> None:
        self.near, self.matching = near, matching
        self.batches: list[list[Question]] = []
        self.gone: set[UUID] = set()

    def ask(self, questions: Sequence[Question], *, access: AccessFilter) -> list[Ranked]:
        self.batches.append([question for question in questions if asks_for_something(question)])
        return [self._answer(question) if asks_for_something(question) else [] for question in questions]

    def _answer(self, question: Question) -> Ranked:
        whole = self.near if isinstance(question, ByVector) else self.matching
        return [each for each in whole if question.among is None or each[0] in question.among][: question.limit]

    def count(self, *, access: AccessFilter) -> int:
        return 3

    def stored(self, chunks: Sequence[UUID], *, access: AccessFilter) -> dict[UUID, Stored]:
        return {chunk: Stored("d", "v", 7) for chunk in chunks if chunk not in self.gone}


def falling(first: int, count: int = 80) -> Ranked:
    return [(uid(first + n), 0.9 - n / 1000) for n in range(count)]


def level(first: int, count: int = 80) -> Ranked:
    return [(uid(first + n), 0.9) for n in range(count)]


def run(engine: Recorded, query: HybridQuery, weights: Weights | None = None) -> list[str]:
    hits = search(engine, query, access=may_see(7), weights=weights or Weights())
    return [hit.chunk for hit in hits]


def test_the_engine_is_not_asked_for_a_person_who_may_see_nothing_or_for_no_hits() -> None:
    engine = Recorded(falling(1), falling(1))

    assert search(engine, asking(), access=may_see(), weights=Weights()) == []
    assert search(engine, asking(limit=0), access=may_see(7), weights=Weights()) == []
    assert engine.batches == []


def test_weights_that_are_known_are_not_asked_for_again() -> None:
    engine, weights = Recorded([(uid(1), 0.9)], [(uid(1), 1.0)]), Weights()

    run(engine, asking(terms=(1, 2)), weights)
    run(engine, asking(terms=(1, 2)), weights)

    assert [len(batch) for batch in engine.batches if batch] == [4, 2]
    assert weights.known == {1: 1.0, 2: 1.0}


def test_a_term_that_no_visible_chunk_has_weighs_at_the_ceiling() -> None:
    engine, weights = Recorded([(uid(1), 0.9)], []), Weights()

    run(engine, asking(terms=(5,)), weights)

    assert weights.known == {5: idf_ceiling(3)}


def test_a_leg_whose_end_falls_among_equals_gives_only_what_is_above_them() -> None:
    tail = [*falling(1, 30), *[(uid(100 + n), 0.5) for n in range(40)]]
    engine = Recorded(tail, falling(1))

    run(engine, asking())

    by_vector, _ = [q for batch in engine.batches[1:] for q in batch] + [None]
    assert by_vector.among == {uid(n) for n in range(31, 51)}


def test_where_too_little_is_above_the_equals_all_that_tie_are_asked_for() -> None:
    engine = Recorded(falling(1), level(200))
    run(engine, asking())
    (again,) = engine.batches[1]
    assert isinstance(again, ByVector)
    assert (again.matching.limit, again.matching.at_least) == (WIDER, 0.9)

    engine = Recorded(level(1), falling(200))
    run(engine, asking())
    assert [(type(question), question.limit) for question in engine.batches[1]] == [(ByVector, COPIES)]


def test_a_limit_over_the_usual_candidates_is_met_although_the_end_falls_among_equals() -> None:
    tail = [*falling(1, 59), *[(uid(100 + n), 0.5) for n in range(40)]]

    assert len(run(Recorded(tail, []), HybridQuery(EAST, (), 60))) == 60


def test_by_terms_alone_equals_stay() -> None:
    assert len(run(Recorded([], level(1)), HybridQuery(None, (1,), 10))) == 10


def test_each_leg_is_asked_only_for_what_the_other_alone_found() -> None:
    near, matching = falling(1), falling(1_000)
    engine = Recorded(near, matching)

    run(engine, asking())

    by_vector, by_terms = engine.batches[-1]
    assert by_vector.among == {chunk for chunk, _ in matching[:50]}
    assert by_terms.among == {chunk for chunk, _ in near[:50]}


def test_a_chunk_that_is_hidden_during_the_search_is_left_out() -> None:
    engine = Recorded([(uid(1), 0.9), (uid(2), 0.8)], [])
    engine.gone = {uid(1)}

    assert run(engine, HybridQuery(EAST, (), 5)) == [str(uid(2))]


def test_the_threshold_is_the_next_smaller_number_of_the_engines_precision() -> None:
    score = float(np.float32(7.3135))

    assert just_below(score) < score
    assert np.nextafter(np.float32(just_below(score)), np.float32(9)) == np.float32(score)


def test_only_payloads_with_an_admitted_access_list_are_kept() -> None:
    payloads = {
        uid(1): {"acl_id": 7, "document": "d", "version": "v"},
        uid(2): {"acl_id": 8, "document": "d", "version": "v"},
        uid(3): {"document": "d", "version": "v"},
        uid(4): {"acl_id": "7", "document": "d", "version": "v"},
        uid(5): None,
        uid(6): {"acl_id": 7},
    }

    assert admitted(payloads, access=may_see(7)) == {uid(1): Stored("d", "v", 7), uid(6): Stored("", "", 7)}
    assert admitted(payloads, access=may_see()) == {}


def test_term_weights_are_kept_apart_by_rights_and_forgotten_at_a_write() -> None:
    weights = TermWeights()
    weights.within(may_see(1)).known[5] = 0.5

    assert weights.within(may_see(1, 2)).known == {}
    assert weights.within(may_see(1)).known == {5: 0.5}
    weights.forget()
    assert weights.within(may_see(1)).known == {}


def test_the_oldest_rights_give_way_when_many_people_ask() -> None:
    weights = TermWeights()
    for number in range(1_000):
        weights.within(may_see(number)).known[5] = 0.5

    assert weights.within(may_see(0)).known == {}
    assert weights.within(may_see(999)).known == {5: 0.5}
