"""What every ChunkIndex must do: Edge in process and in one of its own, qdrant-client in memory, and a server when QDRANT_URL names one."""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest

from appliance.errors import IndexUnavailable, InvalidVector
from appliance.index.hybrid import ByTerms, ByVector
from tests.contract.index_cases import (
    BETWEEN,
    EAST,
    NORTH,
    Case,
    asking,
    chunk,
    may_see,
    number,
    raw,
    vector,
)

pytestmark = pytest.mark.filterwarnings("ignore:Local mode performs exact:UserWarning")


# Writing: looked at behind the adapter's back.


def test_an_upserted_chunk_is_stored_with_vector_terms_and_payload(case: Case) -> None:
    case.index.upsert([chunk(1, BETWEEN, (5, 3), acl_id=9, document="規程/経費😀.pdf", version="v2")])

    stored = case.stored()[number(1)]

    assert stored.payload == {"acl_id": 9, "document": "規程/経費😀.pdf", "version": "v2"}
    assert stored.dense == pytest.approx(BETWEEN.tolist())
    assert sorted(stored.terms) == [3, 5]


def test_upserting_an_id_again_replaces_the_chunk_as_a_whole(case: Case) -> None:
    case.index.upsert([chunk(1, EAST, (1, 2), acl_id=7), chunk(2)])

    case.index.upsert([chunk(1, NORTH, (3,), acl_id=8, version="v2")])

    stored = case.stored()
    assert set(stored) == {number(1), number(2)}
    assert stored[number(1)].terms == (3,)
    assert stored[number(1)].dense == pytest.approx(NORTH.tolist())
    assert stored[number(1)].payload == {"acl_id": 8, "document": "document-1", "version": "v2"}


def test_more_chunks_than_one_engine_call_takes_are_all_stored(case: Case) -> None:
    case.index.upsert([chunk(n) for n in range(1, 301)])

    assert len(case.stored()) == 300


def test_upserting_nothing_does_nothing(case: Case) -> None:
    case.index.upsert([])

    assert case.stored() == {}


def test_a_chunk_without_terms_is_stored_and_found_by_its_vector(case: Case) -> None:
    case.index.upsert([chunk(1, terms=())])

    (hit,) = case.index.search(asking(terms=(1,)), access=may_see(7))

    assert (hit.cosine, hit.coverage) == (pytest.approx(1.0), 0.0)


def test_the_largest_term_id_is_stored_and_found(case: Case) -> None:
    case.index.upsert([chunk(1, terms=(2**32 - 1,)), chunk(2, terms=(0,))])

    hits = case.index.search(asking(None, (2**32 - 1,)), access=may_see(7))

    assert [hit.chunk for hit in hits] == [number(1)]


def test_deleting_a_document_removes_its_chunks_and_no_others(case: Case) -> None:
    case.plant(raw(1, document="規程"), raw(2, document="規程", version="v2"), raw(3, document="規程2"))

    case.index.delete(document="規程")

    assert set(case.stored()) == {number(3)}


def test_deleting_a_version_leaves_the_other_versions(case: Case) -> None:
    case.plant(raw(1, document="規程", version="v1"), raw(2, document="規程", version="v2"), raw(3, version="v1"))

    case.index.delete(document="規程", version="v1")

    assert set(case.stored()) == {number(2), number(3)}


def test_deleting_what_is_not_there_is_no_error(case: Case) -> None:
    case.plant(raw(1))

    case.index.delete(document="absent")

    assert set(case.stored()) == {number(1)}


def test_setting_access_moves_all_chunks_of_the_document_and_touches_nothing_else(case: Case) -> None:
    case.plant(raw(1, BETWEEN, (4,), document="規程"), raw(2, document="規程", acl_id=None), raw(3))
    before = case.stored()

    case.index.set_access(document="規程", acl_id=12)

    after = case.stored()
    assert [after[number(n)].payload["acl_id"] for n in (1, 2, 3)] == [12, 12, 7]
    assert [replace(point, payload={}) for point in after.values()] == [
        replace(point, payload={}) for point in before.values()
    ]
    assert {name for name in after[number(1)].payload} == {"acl_id", "document", "version"}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (np.array([1, 0, np.nan, 0], dtype=np.float32), "NaN"),
        (np.array([1, 0, np.inf, 0], dtype=np.float32), "NaN"),
        (np.array([1, 0, 0], dtype=np.float32), r"shape \(3,\), not \(4,\)"),
        (np.zeros((1, 4), dtype=np.float32), r"shape \(1, 4\), not \(4,\)"),
        (np.zeros(4, dtype=np.float32), "0 vector"),
    ],
    ids=["nan", "infinite", "short", "two-dimensional", "zero"],
)
def test_a_vector_that_would_spoil_a_search_is_refused_and_nothing_of_its_batch_is_stored(
    case: Case, bad: np.ndarray, why: str
) -> None:
    batch = [chunk(n) for n in range(1, 100)]

    with pytest.raises(InvalidVector, match=f"{number(100)}: {why}"):
        case.index.upsert([*batch, chunk(100, bad)])

    assert case.stored() == {}
    with pytest.raises(InvalidVector, match=why):
        case.index.search(asking(bad), access=may_see(7))


# Reading: planted behind the adapter's back.


def test_both_legs_find_their_own_and_a_chunk_found_by_one_has_the_score_of_the_other_too(case: Case) -> None:
    case.plant(raw(1, EAST, (9,)), raw(2, BETWEEN, (1, 2)))

    first, second = case.index.search(asking(EAST, (1, 2)), access=may_see(7))

    assert (first.chunk, first.cosine, first.coverage) == (number(1), pytest.approx(1.0), 0.0)
    assert (second.chunk, second.coverage) == (number(2), pytest.approx(1.0))
    assert second.cosine == pytest.approx(math.sqrt(0.5))


def test_a_hit_carries_its_ids_its_access_list_and_the_formula_of_its_parts(case: Case) -> None:
    case.plant(raw(1, BETWEEN, (1,), document="就業規則😀", version="v3", acl_id=4), raw(2, acl_id=4, terms=(3,)))

    hit = next(h for h in case.index.search(asking(EAST, (1, 2)), access=may_see(4)) if h.chunk == number(1))

    # Two visible chunks; term 1 is in one of them, term 2 in none: it counts at the ceiling.
    known, unknown = math.log(1 + 1.5 / 1.5), math.log(1 + 2.5 / 0.5)
    assert (hit.document, hit.version, hit.acl_id) == ("就業規則😀", "v3", 4)
    assert hit.coverage == pytest.approx(known / (known + unknown), rel=1e-5)
    assert hit.score == pytest.approx(math.sqrt(0.5) + 0.15 * hit.coverage**2, rel=1e-5)


def test_a_candidate_of_the_other_leg_is_scored_even_outside_the_first_fifty_of_its_own(case: Case) -> None:
    crowd = [raw(n, vector(1, 0.75 + 0.0001 * n, 0, 0), (9,)) for n in range(1, 81)]
    case.plant(*crowd, raw(100, BETWEEN, (1,)))

    first, *_ = case.index.search(asking(EAST, (1,)), access=may_see(7))

    assert (first.chunk, first.cosine) == (number(100), pytest.approx(math.sqrt(0.5)))


def test_terms_alone_search_by_coverage_and_a_vector_alone_by_cosine(case: Case) -> None:
    case.plant(raw(1, EAST, (9,)), raw(2, NORTH, (1,)))

    by_terms = case.index.search(asking(None, (1,)), access=may_see(7))
    by_vector = case.index.search(asking(EAST, ()), access=may_see(7))

    assert [(hit.chunk, hit.cosine, hit.score) for hit in by_terms] == [(number(2), 0.0, pytest.approx(0.15))]
    assert [(hit.chunk, hit.coverage) for hit in by_vector] == [(number(1), 0.0), (number(2), 0.0)]
    assert case.index.search(asking(None, ()), access=may_see(7)) == []


def test_the_limit_cuts_the_best_first_list(case: Case) -> None:
    case.plant(*(raw(n, vector(1, 0.01 * n, 0, 0), (9,)) for n in range(1, 121)))

    hits = case.index.search(asking(limit=3), access=may_see(7))
    many = case.index.search(asking(limit=110), access=may_see(7))

    assert [hit.chunk for hit in hits] == [number(1), number(2), number(3)]
    assert [hit.chunk for hit in many] == [number(n) for n in range(1, 111)]
    assert case.index.search(asking(limit=0), access=may_see(7)) == []


def test_an_empty_index_gives_no_hits(case: Case) -> None:
    assert case.index.search(asking(), access=may_see(7)) == []
    assert case.index.count(access=may_see(7)) == 0
    assert list(case.index.inventory()) == []


def test_equal_scores_come_in_the_order_of_chunk_ids_also_where_more_tie_than_a_leg_holds(case: Case) -> None:
    order = np.random.default_rng(0).permutation(np.arange(1, 201))
    case.plant(*(raw(int(n)) for n in order))

    hits = case.index.search(asking(limit=5), access=may_see(7))

    assert [hit.chunk for hit in hits] == [number(n) for n in range(1, 6)]


def test_one_common_word_finds_the_nearest_of_all_chunks_that_have_it(case: Case) -> None:
    case.plant(*(raw(n, vector(1, 0.1 * n, 0, 0), (1,)) for n in range(1, 151)))
    case.plant(*(raw(n, vector(1, 0, 0.0001 * n, 0), (9,)) for n in range(200, 280)))

    best = case.index.search(asking(EAST, (1,), limit=1), access=may_see(7))

    assert [hit.chunk for hit in best] == [number(1)]


def test_count_and_inventory_tell_what_is_stored(case: Case) -> None:
    case.plant(raw(1, acl_id=1), raw(2, acl_id=2), raw(3, acl_id=3), raw(4, acl_id=None, document="四😀"))

    assert case.index.count(access=may_see(1, 3)) == 2
    assert sorted(case.index.inventory()) == [
        (number(1), "document-1", "v1", 1),
        (number(2), "document-2", "v1", 2),
        (number(3), "document-3", "v1", 3),
        (number(4), "四😀", "v1", None),
    ]


def test_the_inventory_is_whole_over_several_pages(case: Case) -> None:
    case.plant(*(raw(n) for n in range(1, 1301)))

    assert len({entry[0] for entry in case.index.inventory()}) == 1300


# Access: each test was seen to fail with its line removed.


def test_a_person_who_may_see_nothing_gets_nothing_and_the_engine_would_say_so_too(case: Case) -> None:
    case.plant(raw(1), raw(2, acl_id=0))
    nothing = may_see()

    assert case.index.search(asking(), access=nothing) == []
    assert case.index.count(access=nothing) == 0
    assert case.engine.ask([ByVector(EAST, 5), ByTerms((1,), 5)], access=nothing) == [[], []]
    assert case.engine.stored([UUID(number(1)), UUID(number(2))], access=nothing) == {}


def test_a_hidden_chunk_is_not_found_by_its_vector(case: Case) -> None:
    case.plant(raw(1, EAST, (9,), acl_id=8), raw(2, NORTH, (9,)))

    (found,) = case.engine.ask([ByVector(EAST, 5)], access=may_see(7))
    (narrowed,) = case.engine.ask([ByVector(EAST, 5, frozenset({UUID(number(1)), UUID(number(2))}))], access=may_see(7))

    assert [str(found_id) for found_id, _ in found] == [number(2)]
    assert [str(found_id) for found_id, _ in narrowed] == [number(2)]


def test_a_hidden_chunk_is_not_found_by_its_terms(case: Case) -> None:
    case.plant(raw(1, terms=(1, 2), acl_id=8), raw(2, terms=(1,)))

    (found,) = case.engine.ask([ByTerms((1, 2), 5)], access=may_see(7))
    (narrowed,) = case.engine.ask(
        [ByTerms((1, 2), 5, frozenset({UUID(number(1)), UUID(number(2))}))], access=may_see(7)
    )

    assert [str(found_id) for found_id, _ in found] == [number(2)]
    assert [str(found_id) for found_id, _ in narrowed] == [number(2)]


def test_a_hidden_chunk_is_not_found_among_those_that_tie_by_their_terms(case: Case) -> None:
    case.plant(raw(1, EAST, (1,), acl_id=8), raw(2, NORTH, (1,)), raw(3, BETWEEN, (2,)))
    (idf,) = case.engine.ask([ByTerms((1,), 1)], access=may_see(7))
    tied = ByTerms((1,), 2, at_least=idf[0][1])

    (found,) = case.engine.ask([ByVector(EAST, 5, matching=tied)], access=may_see(7))
    # A filter on the outer question alone would leave the hidden chunk the only place of the inner one.
    (first,) = case.engine.ask([ByVector(EAST, 5, matching=replace(tied, limit=1))], access=may_see(7))

    assert [str(found_id) for found_id, _ in found] == [number(2)]
    assert [str(found_id) for found_id, _ in first] == [number(2)]


def test_the_payload_of_a_hidden_chunk_is_not_read(case: Case) -> None:
    case.plant(raw(1, acl_id=8), raw(2))

    assert set(case.engine.stored([UUID(number(1)), UUID(number(2))], access=may_see(7))) == {UUID(number(2))}


def test_hidden_chunks_do_not_crowd_out_a_visible_one(case: Case) -> None:
    case.plant(*(raw(n, EAST, (1, 2), acl_id=8) for n in range(1, 1200)))
    case.plant(raw(5000, BETWEEN, (1,)))

    hits = case.index.search(asking(EAST, (1, 2)), access=may_see(7))

    assert [hit.chunk for hit in hits] == [number(5000)]


def test_hidden_chunks_change_no_score_of_a_visible_one_by_a_bit(case: Case) -> None:
    case.plant(raw(1, BETWEEN, (1, 2)), raw(2, vector(1, 2, 0, 1), (1, 4)), raw(3, NORTH, (5,)))
    question = asking(EAST, (1, 2, 3, 6))
    before = case.index.search(question, access=may_see(7))

    case.plant(*(raw(n, EAST, (1, 3, 6), acl_id=8) for n in range(100, 160)))

    assert case.index.search(question, access=may_see(7)) == before
    # A person who sees them has other statistics: the planted chunks are no dead weight.
    assert case.index.search(question, access=may_see(7, 8)) != before


def test_a_chunk_without_an_access_list_is_hidden_from_everybody(case: Case) -> None:
    case.plant(raw(1, acl_id=None), raw(2))

    hits = case.index.search(asking(), access=may_see(*range(-1, 50)))

    assert [hit.chunk for hit in hits] == [number(2)]
    assert case.index.count(access=may_see(*range(-1, 50))) == 1


def test_access_lists_that_do_not_exist_admit_nothing(case: Case) -> None:
    case.plant(raw(1), raw(2))

    assert case.index.search(asking(), access=may_see(1, 99)) == []


def test_a_change_of_access_counts_from_the_next_search_on(case: Case) -> None:
    case.index.upsert([chunk(1, terms=(1,)), chunk(2, terms=(1,)), chunk(3, terms=(2,))])
    question = asking(EAST, (1, 2))
    assert len(case.index.search(question, access=may_see(7))) == 3

    case.index.set_access(document="document-2", acl_id=8)

    fresh = case.index.search(question, access=may_see(7))
    assert {hit.chunk for hit in fresh} == {number(1), number(3)}
    # The idf is that of the two that are left: both terms weigh the same.
    assert {round(hit.coverage, 5) for hit in fresh} == {0.5}


def test_every_write_makes_new_term_weights(case: Case) -> None:
    question = asking(None, (1, 2))
    case.index.upsert([chunk(1, terms=(1,)), chunk(2, terms=(2,))])

    def coverage_of_the_first() -> float:
        hits = case.index.search(question, access=may_see(7))
        return round(next(hit.coverage for hit in hits if hit.chunk == number(1)), 5)

    even = coverage_of_the_first()
    case.index.upsert([chunk(3, terms=(2,))])
    rarer = coverage_of_the_first()
    case.index.delete(document="document-3")

    assert (even, coverage_of_the_first()) == (0.5, 0.5)
    assert rarer > 0.5


# Life.


def test_searches_go_on_from_several_threads_while_another_writes(case: Case) -> None:
    case.index.upsert([chunk(n) for n in range(1, 20)])
    done = threading.Event()

    def ask() -> set[int]:
        found = set()
        while not done.is_set():
            found.add(len(case.index.search(asking(limit=5), access=may_see(7))))
        return found

    with ThreadPoolExecutor() as pool:
        askers = [pool.submit(ask) for _ in range(3)]
        for start in range(100, 600, 100):
            case.index.upsert([chunk(n) for n in range(start, start + 100)])
        done.set()

    assert [asker.result() for asker in askers] == [{5}] * 3
    assert case.index.count(access=may_see(7)) == 519


def test_a_closed_index_says_so_and_can_be_closed_again(case: Case) -> None:
    case.index.close()
    case.index.close()

    with pytest.raises(IndexUnavailable, match=r"cannot be used: .*(closed|Cannot send)"):
        case.index.search(asking(), access=may_see(7))
