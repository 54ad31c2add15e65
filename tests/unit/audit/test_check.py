"""The full check names what was changed behind the log's back."""

from __future__ import annotations

import pytest

from appliance.errors import AuditBroken
from tests.unit.audit.support import Home, event, fill


@pytest.fixture
def spoilt(home: Home) -> Home:
    """A log of 600 events."""
    with home.open() as log:
        fill(log, 600)
    return home


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit_leaves SET actor = 'p9' WHERE idx = 17", "event 17: it differs from its leaf in actor"),
        ("UPDATE audit_leaves SET action = 'x' WHERE idx = 17", "event 17: it differs from its leaf in action"),
        ("UPDATE audit_leaves SET outcome = 'x' WHERE idx = 17", "event 17: it differs from its leaf in outcome"),
        ("UPDATE audit_leaves SET case_id = 'x' WHERE idx = 17", "event 17: it differs from its leaf in case"),
        ("UPDATE audit_leaves SET time = 'x' WHERE idx = 17", "event 17: it differs from its leaf in time"),
        ("UPDATE audit_leaves SET event_id = 'x' WHERE idx = 17", "event 17: it differs from its leaf in event_id"),
        (
            "UPDATE audit_texts SET text = CAST('other' AS BLOB) WHERE idx = 18",
            "event 18: text question of event 18 does not match its commitment",
        ),
        (
            "UPDATE audit_texts SET salt = zeroblob(32) WHERE idx = 18",
            "event 18: text question of event 18 does not match its commitment",
        ),
        (
            "UPDATE audit_texts SET idx = 20 WHERE idx = 18",
            "event 20: text question of event 20 was never recorded",
        ),
        ("UPDATE audit_tiles SET hashes = zeroblob(8192) WHERE n = 1", "tiles: it does not follow from the entries"),
        ("DELETE FROM audit_tiles WHERE n = 1", "tiles: it does not follow from the entries"),
    ],
)
def test_a_change_that_the_tail_does_not_show_is_named(spoilt: Home, statement: str, problem: str) -> None:
    with spoilt.open() as log:
        spoilt.sql(statement)

        assert [said for said in log.check() if said.startswith(problem)], log.check()


def test_a_changed_leaf_changes_the_root(spoilt: Home) -> None:
    with spoilt.open() as log:
        spoilt.sql("UPDATE audit_leaves SET leaf = CAST(replace(leaf, '\"p1\"', '\"p2\"') AS BLOB) WHERE idx = 5")

        said = log.check()

        assert said[0] == "event 5: it differs from its leaf in actor"
        assert said[1].startswith("tiles: it does not follow")
        assert said[2].startswith("checkpoint: its root ")


def test_a_removed_leaf_is_missing(spoilt: Home) -> None:
    with spoilt.open() as log:
        spoilt.sql("DELETE FROM audit_leaves WHERE idx = 41")

        assert log.check() == ("log: event 41 belongs to the stated selection and is missing",)


def test_leaves_cut_off_at_the_end_are_missed(spoilt: Home) -> None:
    with spoilt.open() as log:
        spoilt.sql("DELETE FROM audit_leaves WHERE idx >= 590")

        assert log.check() == ("checkpoint: it names 600 events and there are 590",)


def test_a_leaf_that_cannot_be_read_is_named_and_the_check_goes_on(spoilt: Home) -> None:
    with spoilt.open() as log:
        spoilt.sql("UPDATE audit_leaves SET leaf = x'7b7d' WHERE idx in (598, 599)")

        said = log.check()

        assert [line for line in said if "not the fields of a leaf" in line] == [
            "event 598: its content is malformed (not the fields of a leaf)",
            "event 599: its content is malformed (not the fields of a leaf)",
        ]


def test_a_checkpoint_that_was_forged_is_the_only_thing_said(spoilt: Home) -> None:
    with spoilt.open() as log:
        spoilt.sql("UPDATE audit_checkpoint SET note = x'00'")

        (said,) = log.check("ja")

        assert said.startswith("checkpoint: 署名付きノートの形式が不正です")


def test_a_thousand_problems_are_a_hundred_lines(spoilt: Home) -> None:
    with spoilt.open() as log:
        spoilt.sql("UPDATE audit_leaves SET actor = 'nobody'")

        assert len(log.check()) == 100


def test_a_log_that_grows_meanwhile_is_checked_up_to_its_head(spoilt: Home) -> None:
    with spoilt.open() as log:
        waiting = [log.submit(event(number)) for number in range(2000)]
        assert log.check() == ()
        assert waiting[-1].result().index == 2599


def test_every_missing_text_is_named(spoilt: Home) -> None:
    with spoilt.open() as log:
        spoilt.sql("DELETE FROM audit_texts WHERE idx in (3, 18)")

        assert log.check() == (
            "event 3: text question of event 3 is missing: the log commits to it, and it is no longer there",
            "event 18: text question of event 18 is missing: the log commits to it, and it is no longer there",
        )


@pytest.mark.parametrize("index", [99_999, -1, 20])
def test_a_text_that_no_event_committed_to_is_named(spoilt: Home, index: int) -> None:
    with spoilt.open() as log:
        spoilt.sql("INSERT INTO audit_texts VALUES (?, 'question', zeroblob(32), x'61')", index)

        (said,) = log.check()

        assert said.startswith(f"event {index}: text question of event {index} was never recorded")


@pytest.mark.parametrize("index", [99_999, -1, 600])
def test_a_leaf_outside_of_the_log_is_named(spoilt: Home, index: int) -> None:
    with spoilt.open() as log:
        spoilt.sql("INSERT INTO audit_leaves VALUES (?, 'e', 't', 'a', 'o', 'a', 'c', x'61')", index)

        assert log.check() == (f"log: it holds a leaf with the number {index}, outside of the log",)


@pytest.mark.parametrize(("level", "n"), [(0, 2), (1, 0), (9, 0), (0, -1), (-1, 0)])
def test_a_tile_that_the_log_does_not_have_is_named(spoilt: Home, level: int, n: int) -> None:
    with spoilt.open() as log:
        spoilt.sql("INSERT INTO audit_tiles VALUES (?, ?, zeroblob(8192), zeroblob(32))", level, n)

        assert log.check() == (f"tiles: it holds a tile that is not of the log (level {level}, tile {n})",)


def test_a_tile_with_another_root_is_named(spoilt: Home) -> None:
    with spoilt.open() as log:
        spoilt.sql("UPDATE audit_tiles SET root = zeroblob(32) WHERE n = 0")

        assert log.check()[0].startswith("tiles: it does not follow from the entries")


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("CREATE TRIGGER t AFTER INSERT ON audit_texts BEGIN DELETE FROM audit_texts; END", "trigger t"),
        ("CREATE VIEW v AS SELECT 1", "view v"),
        ("CREATE TABLE other (x)", "table other"),
        ("CREATE INDEX i ON audit_texts (name)", "index i"),
    ],
)
def test_what_is_not_of_the_log_is_named_and_refused_at_the_start(spoilt: Home, statement: str, what: str) -> None:
    with spoilt.open() as log:
        spoilt.sql(statement)

        assert f"database: the database holds something that is not of the log: {what}" in log.check()
    with pytest.raises(AuditBroken, match=f"not of the log: {what}"):
        spoilt.open()


def test_what_sqlite_makes_for_itself_is_its_own(spoilt: Home) -> None:
    with spoilt.open() as log:
        spoilt.sql("ANALYZE")

        assert log.check() == ()


def test_a_trigger_that_comes_while_the_log_is_open_is_refused_at_the_next_event(spoilt: Home) -> None:
    with spoilt.open() as log:
        spoilt.sql("CREATE TRIGGER t AFTER INSERT ON audit_texts BEGIN DELETE FROM audit_texts; END")

        with pytest.raises(AuditBroken, match="not of the log: trigger t"):
            log.commit(event())
        with pytest.raises(AuditBroken, match="not of the log: trigger t"):
            log.require_writable()
        assert log.reader.head().size == 600


def test_many_missing_texts_do_not_hide_a_broken_log(spoilt: Home) -> None:
    with spoilt.open() as log:
        spoilt.sql("DELETE FROM audit_texts")
        spoilt.sql("UPDATE audit_tiles SET hashes = zeroblob(8192) WHERE n = 1")

        said = log.check()

        assert len(said) == 101
        assert [line for line in said if line.startswith("tiles: ")]
