"""The relational store and the files beside it: what is kept comes back as it was, and what fails is named."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from appliance.access import AccessList
from appliance.errors import StoreUnavailable
from appliance.models import (
    Answer,
    AnswerSentence,
    Chunk,
    Citation,
    Classification,
    Document,
    Line,
    Part,
    Passage,
    Span,
)
from appliance.store import changes, database, layout
from appliance.store.acl import AccessLists
from appliance.store.conversations import Conversations
from appliance.store.database import open_database
from appliance.store.originals import Originals
from appliance.store.registry import NewVersion, Registry
from appliance.store.schema import METADATA
from appliance.store.sessions import Sessions, digest

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
KEY, VERSION = "a" * 32, "b" * 64


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_database(tmp_path / "appliance.db")
    yield made
    made.dispose()


# --- the database ----------------------------------------------------------------------------------------------------


def test_the_migrations_make_exactly_the_schema(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    script = ScriptDirectory(str(database.MIGRATIONS))
    assert script.get_current_head() == database.HEAD


def test_every_connection_has_its_pragmas(engine: Engine) -> None:
    with engine.connect() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}


def test_a_database_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"nowhere.appliance\.db cannot be used: unable to open"):
        open_database(tmp_path / "nowhere/appliance.db")


def test_a_damaged_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "appliance.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreUnavailable, match="file is not a database"):
        open_database(tmp_path / "appliance.db")


def test_a_locked_or_full_database_is_named_and_a_wrong_statement_is_a_defect(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        long = "x" * 100_000
        with pytest.raises(StoreUnavailable, match="full"):
            connection.execute(text("INSERT INTO meta VALUES ('k', :v)"), {"v": long})
    with engine.connect() as connection, pytest.raises(OperationalError, match="no such table"):
        connection.execute(text("SELECT * FROM nowhere"))


def test_a_database_damaged_while_it_is_used_is_named(engine: Engine, tmp_path: Path) -> None:
    engine.dispose()
    with (tmp_path / "appliance.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 200_000)
    with engine.connect() as connection, pytest.raises(StoreUnavailable, match="malformed"):
        connection.execute(text("SELECT * FROM document")).all()


def test_an_error_of_the_database_does_not_tell_what_was_written(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(OperationalError, match="no such table") as caught:
        connection.execute(text("INSERT INTO nowhere VALUES (:v)"), {"v": "秘密の質問"})
    assert "秘密" not in str(caught.value)


def test_deleted_text_does_not_stay_readable_in_the_file(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "appliance.db")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO meta VALUES ('k', 'secret-of-yesterday')"))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM meta"))
    engine.dispose()
    with sqlite3.connect(tmp_path / "appliance.db") as bare:
        bare.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    bare.close()
    assert b"secret-of-yesterday" not in (tmp_path / "appliance.db").read_bytes()


# --- access lists ----------------------------------------------------------------------------------------------------

FULL_LIST = AccessList(
    groups=frozenset({"g-b", "g-a"}), classification=Classification.RESTRICTED, compartments=frozenset({"x", "y"}),
    denied=frozenset({"g-z"}), valid_from=NOW, valid_until=NOW + timedelta(days=1),
)  # fmt: skip


def test_the_same_list_is_one_row_and_comes_back_after_a_restart(engine: Engine) -> None:
    lists = AccessLists(engine)
    with engine.begin() as connection:
        numbers = {lists.intern(one, connection) for one in (FULL_LIST, replace(FULL_LIST), FULL_LIST)}
        other = lists.intern(replace(FULL_LIST, denied=frozenset()), connection)
    assert len(numbers) == 1
    assert other not in numbers
    assert AccessLists(engine).all() == [(numbers.pop(), FULL_LIST), (other, replace(FULL_LIST, denied=frozenset()))]


@pytest.mark.parametrize(
    "other",
    [
        replace(FULL_LIST, groups=frozenset({"g-a"})),
        replace(FULL_LIST, classification=Classification.INTERNAL),
        replace(FULL_LIST, compartments=frozenset({"x"})),
        replace(FULL_LIST, denied=frozenset()),
        replace(FULL_LIST, valid_from=None),
        replace(FULL_LIST, valid_until=NOW + timedelta(days=2)),
        replace(FULL_LIST, groups=frozenset({"g-z"}), denied=frozenset({"g-a", "g-b"})),
    ],
)
def test_lists_that_differ_in_one_thing_have_different_ids(engine: Engine, other: AccessList) -> None:
    lists = AccessLists(engine)
    with engine.begin() as connection:
        assert lists.intern(FULL_LIST, connection) != lists.intern(other, connection)


def test_a_list_whose_transaction_failed_gives_its_id_to_nobody_else(engine: Engine) -> None:
    lists = AccessLists(engine)
    with engine.connect() as connection:
        lists.intern(FULL_LIST, connection)
        connection.rollback()
    other = replace(FULL_LIST, groups=frozenset({"g-hr"}))
    with engine.begin() as connection:
        number = lists.intern(other, connection)
    assert lists[number] == other
    assert AccessLists(engine)[number] == other


def test_lists_interned_by_many_threads_at_once_are_one_row_each(engine: Engine) -> None:
    registry = Registry(engine)
    wanted = [replace(FULL_LIST, groups=frozenset({f"g-{n % 4}"})) for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda one: changes.intern(registry, one), wanted))
    assert len(set(numbers)) == 4
    assert all(registry.lists[number] == one for number, one in zip(numbers, wanted, strict=True))


# --- layout ----------------------------------------------------------------------------------------------------------


def test_lines_come_back_to_a_hundredth_of_a_millimetre() -> None:
    lines = (Line(0, 2, 0.1, 0.125, (0.1, 0.2, 0.3)), Line(3, 5, 0.5, 0.51, (0.9, 0.5, 0.1)))
    for before, after in zip(lines, layout.unpack(layout.pack(lines)), strict=True):
        assert (before.start, before.end) == (after.start, after.end)
        assert after.edges == pytest.approx(before.edges, abs=1 / 60_000)
        assert (after.top, after.bottom) == pytest.approx((before.top, before.bottom), abs=1 / 60_000)


def test_no_lines_are_no_bytes_and_what_lies_outside_the_page_is_put_on_its_edge() -> None:
    assert (layout.pack(()), layout.unpack(b"")) == (b"", ())
    (line,) = layout.unpack(layout.pack([Line(0, 1, -0.5, 1.5, (-1.0, 2.0))]))
    assert (line.top, line.bottom, line.edges) == (0.0, 1.0, (0.0, 1.0))


# --- originals -------------------------------------------------------------------------------------------------------


def kept(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_a_version_is_kept_beside_its_pictures_and_forgotten_whole(tmp_path: Path) -> None:
    originals = Originals(tmp_path / "o")
    files = {"original": io.BytesIO(b"abc"), "1.webp": io.BytesIO(b"page"), "1.thumb.webp": io.BytesIO(b"small")}
    originals.keep(KEY, VERSION, files, called="c/a.pdf")
    assert kept(tmp_path / "o") == {f"{KEY}/{VERSION}/{name}" for name in files}
    page, small = (originals.picture(KEY, VERSION, 1, small=size) for size in (False, True))
    assert page is not None
    assert small is not None
    assert (page.read_bytes(), small.read_bytes()) == (b"page", b"small")
    assert originals.picture(KEY, VERSION, 2, small=False) is None
    originals.forget(KEY, VERSION)
    assert not (tmp_path / "o" / KEY).exists()
    originals.forget(KEY)  # nothing there: nothing to say


def test_a_version_that_is_there_is_not_touched_by_a_second_store(tmp_path: Path) -> None:
    originals = Originals(tmp_path / "o")
    originals.keep(KEY, VERSION, {"original": io.BytesIO(b"abc")}, called="c/a.pdf")

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    originals.keep(KEY, VERSION, {"original": Broken()}, called="c/a.pdf")
    assert (tmp_path / "o" / KEY / VERSION / "original").read_bytes() == b"abc"


def test_files_half_written_by_a_killed_process_are_gone_at_the_next_start(tmp_path: Path) -> None:
    Originals(tmp_path / "o")
    (tmp_path / "o/.waiting/abc").mkdir()
    (tmp_path / "o/.waiting/abc/original").write_bytes(b"half")
    Originals(tmp_path / "o")
    assert kept(tmp_path / "o") == set()


def test_files_that_cannot_be_removed_are_not_called_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    originals = Originals(tmp_path / "o")
    originals.keep(KEY, VERSION, {"original": io.BytesIO(b"abc")}, called="c/a.pdf")

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("appliance.store.originals.shutil.rmtree", refuse)
    with pytest.raises(StoreUnavailable, match="Permission denied"):
        originals.forget(KEY)


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "A" * 32, "é", "a\n"])
def test_nothing_but_a_key_ever_becomes_a_path(tmp_path: Path, name: str) -> None:
    originals = Originals(tmp_path / "o")
    with pytest.raises(ValueError, match="not a key"):
        originals.forget(name)
    with pytest.raises(ValueError, match="not a key"):
        originals.picture(KEY, name, 1, small=False)


# --- the registry ----------------------------------------------------------------------------------------------------


def version(path: str = "a.txt", key: str = KEY, number: str = VERSION, body: str = "一文目。二文目。") -> NewVersion:
    lines = (Line(0, 4, 0.1, 0.2, (0.1, 0.2, 0.3, 0.4, 0.5)),)
    chunks = tuple(
        Chunk(f"{key[:4]}-{number[:4]}-{n}", n, Span(1, start, end), f"見出し{n}", body[start:end])
        for n, (start, end) in enumerate(((0, 4), (4, 8)))
    )
    return NewVersion(
        key=key, collection="c", path=path, version=number, sha256="c" * 64, title="題名", language="ja",
        media_type="text/plain", fingerprint="f", size=10, access=FULL_LIST, parts=(Part(1, "page", "1", body, lines),),
        chunks=chunks, pictures=frozenset({1}),
    )  # fmt: skip


def store(registry: Registry, new: NewVersion) -> int:
    number = changes.intern(registry, new.access)
    changes.make_current(registry, new, number, case="x")
    return number


def test_what_is_registered_comes_back_word_for_word(engine: Engine) -> None:
    registry, new = Registry(engine), version()
    number = store(registry, new)
    found = registry.current([chunk.id for chunk in new.chunks] + ["unknown"])
    assert {chunk: hit.chunk for chunk, hit in found.items()} == {chunk.id: chunk for chunk in new.chunks}
    hit = found[new.chunks[0].id]
    assert (hit.document.path, hit.document.acl_id, hit.document.parts, hit.picture) == ("a.txt", number, 1, True)
    assert hit.part.text == new.parts[0].text
    assert tuple(registry.texts(KEY, VERSION)) == new.chunks
    assert registry.current_chunks() == {(KEY, VERSION): {chunk.id for chunk in new.chunks}}
    kept = registry.kept(KEY, VERSION)
    assert kept is not None
    assert (kept.document.title, kept.own, kept.today) == ("題名", FULL_LIST, FULL_LIST)
    assert registry.kept(KEY, "0" * 64) is None


def test_a_chunk_of_an_earlier_version_is_not_current_and_its_page_still_opens(engine: Engine) -> None:
    registry, old, new = Registry(engine), version(), version(number="d" * 64, body="新しい一。新しい。")
    store(registry, old)
    store(registry, new)
    assert registry.current([chunk.id for chunk in old.chunks]) == {}
    assert registry.part(KEY, VERSION, 1) == registry.part(KEY, VERSION, 1) != registry.part(KEY, "d" * 64, 1)
    assert registry.part(KEY, VERSION, 2) is None
    assert sorted(registry.versions(KEY)) == sorted([VERSION, "d" * 64])
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT version, valid_until FROM version")).all()
    ends = {row.version: row.valid_until for row in rows}
    assert (ends[VERSION] is not None, ends["d" * 64]) == (True, None)


def test_documents_are_listed_only_within_an_access_filter(engine: Engine) -> None:
    from appliance.access import AccessFilter

    registry = Registry(engine)
    number = store(registry, version())
    for allowed, seen in (((number,), ["a.txt"]), ((number + 1,), []), ((), [])):
        access = AccessFilter("somebody", allowed)
        assert [document.path for document in registry.documents(access=access)] == seen
        assert (registry.document(KEY, access=access) is not None) == bool(seen)


def test_a_transaction_that_fails_leaves_the_registry_as_it_was(engine: Engine) -> None:
    registry, first = Registry(engine), version()
    store(registry, first)
    twice = replace(version(number="d" * 64), chunks=(first.chunks[0], first.chunks[0]))
    with pytest.raises(Exception, match="UNIQUE"):
        store(registry, twice)
    assert registry.current_versions() == {(KEY, VERSION): 1}
    assert registry.versions(KEY) == [VERSION]


# --- conversations ---------------------------------------------------------------------------------------------------


def answer() -> tuple[Answer, tuple[Passage, ...]]:
    document = Document(KEY, "c", "a.txt", "題名", "ja", "text/plain", 1, VERSION, NOW, 1)
    chunk, part = Chunk("x", 0, Span(1, 4, 8), "見出し", "二文目。"), Part(1, "page", "1", "一文目。二文目。")
    passage = Passage(1, chunk, document, Classification.INTERNAL, part, True, 0.9, 0.8, 0.5)
    said = AnswerSentence("二文目。", (1,), "ok")
    return Answer("answered", "ja", (said,), (Citation(0, 1, Span(1, 4, 8), "二文目。"),), 2, "m", 1.5), (passage,)


def test_a_turn_comes_back_as_it_was_said_with_the_version_it_cites(engine: Engine) -> None:
    conversations = Conversations(engine)
    one = conversations.begin("  質問\n です。 " + "長" * 100, person="yamada")
    said, passages = answer()
    conversations.record(one, case="case", question="質問です。", answer=said, passages=passages)
    (turn,) = conversations.turns(one)
    assert (turn.answer, turn.question, turn.case) == (said, "質問です。", "case")
    (source,) = turn.sources
    assert (source.document, source.version, source.span, source.heading) == (KEY, VERSION, Span(1, 4, 8), "見出し")
    (listed,) = conversations.of("yamada")
    assert (len(listed.title), listed.title[:7]) == (60, "質問 です。 ")


def test_a_conversation_is_its_persons_alone(engine: Engine) -> None:
    conversations = Conversations(engine)
    one = conversations.begin("質問", person="yamada")
    assert conversations.of("suzuki") == []
    assert conversations.one(one, person="suzuki") is None
    assert not conversations.delete(one, person="suzuki")
    assert conversations.one(one, person="yamada") is not None


def test_a_deleted_conversation_takes_its_turns_and_takes_no_new_one(engine: Engine) -> None:
    conversations = Conversations(engine)
    one = conversations.begin("質問", person="yamada")
    said, passages = answer()
    conversations.record(one, case="1", question="質問", answer=said, passages=passages)
    assert conversations.delete(one, person="yamada")
    conversations.record(one, case="2", question="質問", answer=said, passages=passages)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM turn")).scalar() == 0


# --- sessions --------------------------------------------------------------------------------------------------------


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(engine: Engine, clock: Clock) -> Sessions:
    return Sessions(engine, idle=timedelta(minutes=60), longest=timedelta(hours=10), clock=clock)


def test_a_session_lasts_while_it_is_used_but_not_for_ever(sessions: Sessions, clock: Clock) -> None:
    token = sessions.open("yamada")
    for _ in range(11):
        clock.now += timedelta(minutes=54)
        assert sessions.person(token) == "yamada"
    clock.now += timedelta(minutes=54)
    assert sessions.person(token) is None


def test_an_unused_session_ends_and_its_listener_is_told(sessions: Sessions, clock: Clock) -> None:
    told: list[str] = []
    sessions.on_end(told.append)
    token = sessions.open("yamada")
    clock.now += timedelta(minutes=60)
    assert sessions.person(token) is None
    assert told == [digest(token)]
    clock.now -= timedelta(minutes=60)
    assert sessions.person(token) is None


def test_a_session_that_nobody_came_back_to_ends_at_the_next_sign_in(sessions: Sessions, clock: Clock) -> None:
    told: list[str] = []
    sessions.on_end(told.append)
    token = sessions.open("yamada")
    clock.now += timedelta(days=2)
    sessions.open("suzuki")
    assert told == [digest(token)]


def test_a_look_without_touch_does_not_prolong_a_session(sessions: Sessions, clock: Clock) -> None:
    token = sessions.open("yamada")
    for _ in range(3):
        clock.now += timedelta(minutes=19)
        assert sessions.person(token, touch=False) == "yamada"
    clock.now += timedelta(minutes=19)
    assert sessions.person(token, touch=False) is None


def test_the_cookie_itself_is_nowhere_in_the_database(sessions: Sessions, engine: Engine, tmp_path: Path) -> None:
    token = sessions.open("yamada")
    engine.dispose()
    files = b"".join(path.read_bytes() for path in tmp_path.glob("appliance.db*"))
    assert token.encode() not in files
    assert digest(token).encode() in files


@pytest.mark.parametrize("token", ["", "x", "\udcff", "' OR 1=1 --", "a" * 100_000])
def test_a_cookie_that_nobody_got_opens_nothing(sessions: Sessions, token: str) -> None:
    sessions.open("yamada")
    assert sessions.person(token) is None
    assert not sessions.close(token)


def test_a_closed_session_is_closed_once(sessions: Sessions) -> None:
    token, other = sessions.open("yamada"), sessions.open("yamada")
    assert token != other
    assert (sessions.close(token), sessions.close(token)) == (True, False)
    assert (sessions.person(token), sessions.person(other)) == (None, "yamada")
