"""Retrieval: what is re-checked after the search, what is searched wider, and that a result is of one version."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from appliance import retrieval as module
from appliance.access import AccessFilter, AccessList, filter_for
from appliance.errors import IndexUnavailable, QuestionEmpty
from appliance.lexical.sudachi import terms
from appliance.models import Classification, Hit, HybridQuery, IndexedChunk, Principal, chunk_id
from appliance.retrieval import Retrieval, Retrieved, retrieval_pipeline
from appliance.wiring import Services
from tests.unit.flows import house

TEXT = ("在宅勤務の申請は前週の木曜日までに行う。", "在宅勤務手当は1日につき200円とする。")
SECRET = ("在宅勤務の査定の係数は人事部だけが知る。",)
QUESTION = "在宅勤務の申請はいつまでですか。"


class Wrapped:
    """The real index, whose search a test bends."""

    def __init__(self, index: object, search: Callable[[HybridQuery, AccessFilter], list[Hit]]) -> None:
        self._index, self._search = index, search

    def search(self, query: HybridQuery, *, access: AccessFilter) -> list[Hit]:
        return self._search(query, access)


def access_of(services: Services, who: Principal, at: datetime | None = None) -> AccessFilter:
    return filter_for(who, services.registry.lists.all(), at or datetime.now(UTC))


def ask(services: Services, who: Principal, retrieval: Retrieval | None = None, limit: int = 6) -> Retrieved:
    return (retrieval or services.retrieval).passages(QUESTION, limit, principal=who, access=access_of(services, who))


def over(services: Services, search: Callable[[HybridQuery, AccessFilter], list[Hit]]) -> Retrieval:
    index = Wrapped(services.index, search)
    return Retrieval(retrieval_pipeline(services.embedder, terms, index), services.registry)  # type: ignore[arg-type]


def unfiltered(services: Services) -> Retrieval:
    """Over an index that ignores the filter."""
    everything = AccessFilter("test", tuple(range(1, 100)))
    return over(services, lambda query, _: services.index.search(query, access=everything))


# --- the re-check ----------------------------------------------------------------------------------------------------


def test_a_filter_that_fails_open_shows_nothing_inadmissible(services: Services) -> None:
    house.put(services, house.document(services, "a.txt", TEXT))
    house.put(services, house.document(services, "hr.txt", SECRET, access=house.FOR_HR))
    found = ask(services, house.somebody(), unfiltered(services))
    assert {passage.document.path for passage in found.passages} == {"a.txt"}
    assert found.dropped == 2  # the document of HR, and the probe, which is in no registry


def test_nobody_without_a_group_sees_anything_even_so(services: Services) -> None:
    house.put(services, house.document(services, "a.txt", TEXT))
    assert ask(services, house.somebody(frozenset()), unfiltered(services)).passages == ()


def test_a_list_that_expires_between_filter_and_re_check_shows_nothing(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    until = AccessList(house.STAFF, Classification.INTERNAL, valid_until=now + timedelta(hours=1))
    house.put(services, house.document(services, "a.txt", TEXT, access=until))
    who = house.somebody()
    access = access_of(services, who, now)
    assert services.retrieval.passages(QUESTION, 6, principal=who, access=access).passages

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return now + timedelta(hours=1)

    monkeypatch.setattr(module, "datetime", Later)
    found = services.retrieval.passages(QUESTION, 6, principal=who, access=access)
    assert (found.passages, found.dropped) == ((), 2)


def test_a_person_who_lost_a_group_between_filter_and_re_check_sees_nothing(services: Services) -> None:
    house.put(services, house.document(services, "a.txt", TEXT))
    access = access_of(services, house.somebody())
    left = house.somebody(frozenset())
    assert services.retrieval.passages(QUESTION, 6, principal=left, access=access).passages == ()


def test_a_filter_of_somebody_else_shows_only_what_both_may_see(services: Services) -> None:
    house.put(services, house.document(services, "a.txt", TEXT))
    house.put(services, house.document(services, "hr.txt", SECRET, access=house.FOR_HR))
    hr = house.somebody(house.STAFF | house.HR, Classification.CONFIDENTIAL)
    found = unfiltered(services).passages(QUESTION, 6, principal=hr, access=access_of(services, house.somebody()))
    assert {passage.document.path for passage in found.passages} == {"a.txt"}


def test_narrowed_access_takes_effect_on_the_next_question(services: Services) -> None:
    house.put(services, house.document(services, "a.txt", TEXT))
    assert ask(services, house.somebody()).passages
    services.documents.change_access("c", "a.txt", house.FOR_HR, actor=house.OPERATOR)
    assert ask(services, house.somebody()).passages == ()
    hr = house.somebody(house.HR, Classification.CONFIDENTIAL)
    assert {passage.classification for passage in ask(services, hr).passages} == {Classification.CONFIDENTIAL}


def test_narrowed_access_takes_effect_although_the_index_does_not_know_of_it_yet(services: Services) -> None:
    house.put(services, house.document(services, "a.txt", TEXT))
    old = services.registry.collection("c")[0].document
    services.documents.change_access("c", "a.txt", house.FOR_HR, actor=house.OPERATOR)
    services.index.set_access(document=old.key, acl_id=old.acl_id)  # as it stood before
    found = ask(services, house.somebody())
    assert (found.passages, found.dropped) == ((), 2)


def test_a_removed_document_is_gone_from_the_next_question(services: Services) -> None:
    house.put(services, house.document(services, "a.txt", TEXT))
    services.documents.remove("c", "a.txt", actor=house.OPERATOR)
    assert ask(services, house.somebody()).passages == ()


# --- stale hits ------------------------------------------------------------------------------------------------------


def stale(services: Services, count: int) -> None:
    """Chunks of a version that is not current, nearer to the question than anything that is."""
    document = services.registry.collection("c")[0].document
    vector = services.embedder.embed_query(QUESTION)
    services.index.upsert(
        [
            IndexedChunk(
                chunk_id(document.key, "e" * 64, n), document.key, "e" * 64, document.acl_id, vector, terms(QUESTION)
            )
            for n in range(count)
        ]
    )


def test_stale_hits_do_not_starve_a_result(services: Services) -> None:
    house.put(services, house.document(services, "a.txt", TEXT))
    stale(services, 150)
    found = ask(services, house.somebody(), limit=2)
    assert sorted(passage.chunk.text for passage in found.passages) == sorted(TEXT)
    assert [passage.number for passage in found.passages] == [1, 2]
    assert found.dropped >= 150


def test_the_search_grows_only_while_it_must(services: Services) -> None:
    house.put(services, house.document(services, "a.txt", TEXT))
    asked: list[int] = []

    def search(query: HybridQuery, access: AccessFilter) -> list[Hit]:
        asked.append(query.limit)
        return services.index.search(query, access=access)

    ask(services, house.somebody(), over(services, search), limit=2)
    assert asked == [4]  # the index has no more: nothing wider could be found
    stale(services, 30)
    asked.clear()
    ask(services, house.somebody(), over(services, search), limit=2)
    assert asked == [4, 16, 64]


def test_a_search_of_stale_hits_alone_ends(services: Services) -> None:
    asked: list[int] = []

    def endless(query: HybridQuery, access: AccessFilter) -> list[Hit]:
        asked.append(query.limit)
        return [Hit(f"gone-{n}", "d", "v", 1, 1.0, 1.0, 1.0) for n in range(query.limit)]

    assert ask(services, house.somebody(), over(services, endless)).passages == ()
    assert max(asked) < 1000


# --- one version -----------------------------------------------------------------------------------------------------


VERSIONS = {
    name: tuple(f"在宅勤務の申請の規則 第{n}条、{name}に改めた。" for n in range(6)) for name in ("春の版", "秋の版")
}


def rewrite(services: Services, done: threading.Event) -> None:
    """A document from one version to the other and back, twelve times."""
    try:
        for _ in range(12):
            for name in ("秋の版", "春の版"):
                house.put(services, house.document(services, "a.txt", VERSIONS[name]))
    finally:
        done.set()


def read(services: Services, done: threading.Event) -> list[frozenset[str]]:
    """Which versions each result was made of, and how many passages it had."""
    results = []
    while not done.is_set():
        found = ask(services, house.somebody()).passages
        results.append(frozenset(f"{len(found)} {passage.chunk.text.split('、')[1]}" for passage in found))
    return results


def test_a_reader_never_sees_half_of_one_version_and_half_of_another(services: Services) -> None:
    house.put(services, house.document(services, "a.txt", VERSIONS["春の版"]))
    done = threading.Event()
    with ThreadPoolExecutor(3) as pool:
        writer = pool.submit(rewrite, services, done)
        readers = [pool.submit(read, services, done) for _ in range(2)]
        writer.result()
        results = {result for reader in readers for result in reader.result()}
    assert results == {frozenset({"6 春の版に改めた。"}), frozenset({"6 秋の版に改めた。"})}
    house.truth(services)


def test_a_document_replaced_between_the_search_and_the_check_is_found_in_its_new_version(services: Services) -> None:
    house.put(services, house.document(services, "a.txt", VERSIONS["春の版"]))
    waiting = ["秋の版"]

    def overtaken(query: HybridQuery, access: AccessFilter) -> list[Hit]:
        hits = services.index.search(query, access=access)
        if waiting:
            house.put(services, house.document(services, "a.txt", VERSIONS[waiting.pop()]))
        return hits

    found = ask(services, house.somebody(), over(services, overtaken)).passages

    assert {passage.chunk.text.split("、")[1] for passage in found} == {"秋の版に改めた。"}
    assert len(found) == 6


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", ["", "  \n", "\u3000"])
def test_an_empty_question_is_refused(services: Services, question: str) -> None:
    who = house.somebody()
    with pytest.raises(QuestionEmpty, match="question is empty"):
        services.retrieval.passages(question, 6, principal=who, access=access_of(services, who))


def test_an_index_that_is_down_is_named_as_itself_not_as_the_pipelines_error(services: Services) -> None:
    def down(query: HybridQuery, access: AccessFilter) -> list[Hit]:
        raise IndexUnavailable(where="here", why="it is down")

    with pytest.raises(IndexUnavailable, match="it is down"):
        ask(services, house.somebody(), over(services, down))


def test_the_same_chunk_is_in_a_result_once_and_scores_are_the_indexes(services: Services) -> None:
    house.put(services, house.document(services, "a.txt", TEXT))
    found = ask(services, house.somebody()).passages
    assert len({passage.chunk.id for passage in found}) == len(found) == 2
    assert [passage.score for passage in found] == sorted((passage.score for passage in found), reverse=True)
    assert all(np.isfinite(passage.score) for passage in found)
