from __future__ import annotations

from collections.abc import Sequence

from appliance.access import AccessFilter
from appliance.index.hybrid import WIDER, ByTerms, ByVector, Question, Ranked, Stored, TermWeights, search
from appliance.models import HybridQuery
from tests.contract.index_cases import EAST, asking, may_see


class Recorded:
    """An engine of three chunks that keeps what it was asked."""

    def __init__(self, near: Ranked, matching: Ranked) -> None:
        self.near, self.matching = near, matching
        self.batches: list[list[Question]] = []
        self.counted = 0

    def ask(self, questions: Sequence[Question], *, access: AccessFilter) -> list[Ranked]:
        self.batches.append(list(questions))
        return [self._answer(question)[: question.limit] for question in questions]

    def _answer(self, question: Question) -> Ranked:
        whole = self.near if isinstance(question, ByVector) else self.matching
        return [each for each in whole if question.among is None or each[0] in question.among]

    def count(self, *, access: AccessFilter) -> int:
        self.counted += 1
        return 3

    def stored(self, chunks: Sequence[str], *, access: AccessFilter) -> dict[str, Stored]:
        return {name: Stored("d", "v", 7) for name in chunks if name != "hidden meanwhile"}


def run(engine: Recorded, query: HybridQuery, weights: dict[int, float] | None = None) -> list[str]:
    hits = search(engine, query, access=may_see(7), weights={} if weights is None else weights)
    return [hit.chunk for hit in hits]


def test_the_engine_is_not_asked_for_a_person_who_may_see_nothing() -> None:
    engine = Recorded([("a", 0.9)], [("a", 1.0)])

    assert search(engine, asking(), access=may_see(), weights={}) == []
    assert engine.batches == []


def test_weights_that_are_known_are_not_asked_for_again() -> None:
    engine, weights = Recorded([("a", 0.9)], [("a", 1.0)]), {}

    run(engine, asking(terms=(1, 2)), weights)
    run(engine, asking(terms=(1, 2)), weights)

    assert [len(batch) for batch in engine.batches] == [4, 2]
    assert weights == {1: 1.0, 2: 1.0}


def test_a_leg_is_asked_again_wider_only_where_its_cut_falls_into_a_tie() -> None:
    falling = [(f"{n:03}", 1 - n / 1000) for n in range(100)]
    level = [(f"{n:03}", 1.0) for n in range(100)]

    for near, matching, wider in ((falling, falling, []), (falling, level, [ByTerms]), (level, falling, [ByVector])):
        engine = Recorded(near, matching)
        run(engine, asking())
        again = [type(q) for batch in engine.batches for q in batch if q.limit == WIDER]
        assert again == wider


def test_each_leg_is_asked_only_for_what_the_other_alone_found() -> None:
    near = [(f"near-{n:03}", 0.9 - n / 1000) for n in range(80)]
    matching = [(f"match-{n:03}", 9 - n / 100) for n in range(80)]
    engine = Recorded(near, matching)

    run(engine, asking())

    by_vector, by_terms = engine.batches[-1]
    assert by_vector.among == frozenset(name for name, _ in matching[:51])
    assert by_terms.among == frozenset(name for name, _ in near[:51])


def test_a_chunk_whose_access_changed_during_the_search_is_left_out() -> None:
    engine = Recorded([("hidden meanwhile", 0.9), ("a", 0.8)], [])

    assert run(engine, HybridQuery(EAST, (), 5)) == ["a"]


def test_a_payload_without_its_fields_names_no_access_list() -> None:
    assert Stored.of({}) == Stored("", "", -1)
    assert Stored.of({"acl_id": "7", "document": "d", "version": "v"}).acl_id == -1


def test_term_weights_are_kept_apart_by_rights_and_forgotten_at_a_write() -> None:
    weights = TermWeights()
    weights.within(may_see(1))[5] = 0.5

    assert weights.within(may_see(1, 2)) == {}
    assert weights.within(may_see(1)) == {5: 0.5}
    weights.forget()
    assert weights.within(may_see(1)) == {}


def test_the_oldest_rights_give_way_when_many_people_ask() -> None:
    weights = TermWeights()
    for number in range(1_000):
        weights.within(may_see(number))[5] = 0.5

    assert weights.within(may_see(0)) == {}
    assert weights.within(may_see(999)) == {5: 0.5}
