"""What an auditor reads: by filter, by case, with proofs, while the log is written."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from appliance.audit.log import AuditLog
from appliance.audit.merkle import verify_inclusion
from appliance.audit.reading import EventFilter
from appliance.errors import AuditEventNotFound, AuditUnavailable, ExportRefused
from tests.unit.audit.support import START, Home, event, fill


@pytest.fixture
def filled(log: AuditLog) -> AuditLog:
    """Twelve events of four people, a second apart."""
    fill(log, 12)
    return log


def found(log: AuditLog, wanted: EventFilter, **more: int) -> list[int]:
    return [one.index for one in log.reader.events(wanted, limit=more.pop("limit", 100), **more)]


def test_events_come_newest_first_in_pages(filled: AuditLog) -> None:
    assert found(filled, EventFilter(), limit=5) == [11, 10, 9, 8, 7]
    assert found(filled, EventFilter(), limit=5, before=7) == [6, 5, 4, 3, 2]
    assert found(filled, EventFilter(), limit=5, before=2) == [1, 0]
    assert found(filled, EventFilter(), before=0) == []


@pytest.mark.parametrize(
    ("wanted", "indexes"),
    [
        (EventFilter(actor="p1"), [9, 5, 1]),
        (EventFilter(actor="p"), []),
        (EventFilter(action="page.opened"), [11, 8, 5, 2]),
        (EventFilter(outcome="denied"), []),
        (EventFilter(outcome="success", actor="p3"), [11, 7, 3]),
        (EventFilter(case="case-2"), [8, 7, 6]),
        (EventFilter(case="case-2", action="page.opened"), [8]),
        (EventFilter(start=START + timedelta(seconds=10)), [11, 10, 9]),
        (EventFilter(end=START + timedelta(seconds=3)), [1, 0]),
        (EventFilter(start=START + timedelta(seconds=3), end=START + timedelta(seconds=5)), [3, 2]),
        (EventFilter(start=START + timedelta(days=1)), []),
    ],
    ids=str,
)
def test_every_condition_selects_and_leaves_out(filled: AuditLog, wanted: EventFilter, indexes: list[int]) -> None:
    assert found(filled, wanted) == indexes


def test_an_event_is_read_as_it_was_recorded(filled: AuditLog) -> None:
    one = filled.reader.event(6)

    assert (one.index, one.action, one.outcome, one.actor_kind, one.actor, one.case) == (
        6,
        "question.received",
        "success",
        "person",
        "p2",
        "case-2",
    )
    assert one.time == START + timedelta(seconds=7)
    assert one.details == {"number": 6, "score": 0.25, "chunks": ["c1", "c2"]}
    assert one.texts == {"question": "在宅勤務は週何日までですか？ 6"}


def test_lists_carry_texts_only_when_asked(filled: AuditLog) -> None:
    assert [dict(one.texts) for one in filled.reader.events(EventFilter(), limit=2)] == [{}, {}]
    assert filled.reader.events(EventFilter(case="case-0"), limit=3, texts=True)[1].texts["question"]


def test_a_case_is_told_from_its_beginning_with_its_texts(filled: AuditLog) -> None:
    story = filled.reader.case("case-1")

    assert [(one.index, one.action) for one in story] == [
        (3, "question.received"),
        (4, "question.retrieved"),
        (5, "page.opened"),
    ]
    assert [len(one.texts) for one in story] == [1, 1, 0]
    assert filled.reader.case("case-99") == ()


def test_a_missing_text_is_none_and_not_absent(home: Home) -> None:
    with home.open() as log:
        fill(log, 2)
    home.sql("DELETE FROM audit_texts WHERE idx = 1")
    with home.open() as log:
        assert log.reader.event(1).texts == {"question": None}
        assert log.reader.event(0).texts["question"] is not None
        assert len(log.check()) == 1


@pytest.mark.parametrize("index", [-1, 12, 10**9])
def test_an_event_that_is_not_there_is_named_with_the_range(filled: AuditLog, index: int) -> None:
    for call in (filled.reader.event, filled.reader.proof):
        with pytest.raises(AuditEventNotFound, match=f"no event {index} .* from 0 to 11"):
            call(index)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 600])
def test_every_proof_holds_under_the_signed_head(log: AuditLog, size: int) -> None:
    fill(log, size)
    head = log.reader.head()
    for index in {0, size // 2, size - 1, max(0, size - 2), min(255, size - 1), min(256, size - 1)}:
        proof = log.reader.proof(index)

        assert proof.head == head
        verify_inclusion(index, size, proof.leaf, proof.path, head.root)


def test_a_proof_over_two_levels_of_tiles_holds(log: AuditLog) -> None:
    futures = [log.submit(event(2, id=f"{number}", case=f"c{number}")) for number in range(66_000)]
    futures[-1].result()

    for index in (0, 255, 256, 65_535, 65_536, 65_999, 12_345):
        assert log.reader.proof(index).head.size == 66_000


def test_a_proof_from_a_store_that_was_changed_is_refused(home: Home) -> None:
    with home.open() as log:
        fill(log, 300)
        home.sql("UPDATE audit_leaves SET leaf = replace(leaf, 'success', 'failed!') WHERE idx = 7")

        with pytest.raises(ExportRefused, match=r"its root .* is not the one"):
            log.reader.proof(7)
        assert log.reader.proof(8).index == 8  # the stored tiles still say what was signed


def test_a_head_that_the_key_did_not_sign_is_refused(home: Home) -> None:
    with home.open() as log:
        fill(log, 3)
        home.sql("UPDATE audit_checkpoint SET note = replace(note, 'bank', 'bonk')")

        with pytest.raises(ExportRefused, match=r"signed by the key|signature does not match"):
            log.reader.head()


def test_a_reader_does_not_make_the_writer_wait(filled: AuditLog) -> None:
    with filled.reader.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        before = connection.exec_driver_sql("SELECT count(*) FROM audit_leaves").scalar()
        fill(filled, 600, 100)

        assert connection.exec_driver_sql("SELECT count(*) FROM audit_leaves").scalar() == before
        connection.exec_driver_sql("ROLLBACK")
    assert filled.reader.head().size == 612


def test_readers_see_whole_batches_while_the_log_grows(log: AuditLog) -> None:
    done = threading.Event()
    faults: list[object] = []

    def read() -> None:
        while not done.is_set():
            head = log.reader.head()
            if head.size:
                faults.extend(one for one in [log.reader.proof(head.size - 1)] if one.head.size < head.size)
                newest = log.reader.events(EventFilter(), limit=1)
                faults.extend(one for one in newest if one.index + 1 < head.size)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for first in range(0, 400, 20):
        fill(log, 20, first)
    done.set()
    for reader in readers:
        reader.join()

    assert faults == []


def test_a_store_that_cannot_be_read_is_unavailable(home: Home) -> None:
    with home.open() as log:
        home.sql("ALTER TABLE audit_leaves RENAME TO gone")

        with pytest.raises(AuditUnavailable, match="no such table"):
            log.reader.events(EventFilter(), limit=1)
