"""The writer: durable before it answers, one owner, poison after any error of the storage."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import wait
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy

from appliance.audit import keys
from appliance.audit.log import AuditLog
from appliance.audit.reading import EventFilter
from appliance.errors import (
    AuditBroken,
    AuditEventInvalid,
    AuditExists,
    AuditIdReused,
    AuditKeyInvalid,
    AuditLocked,
    AuditUnavailable,
)
from appliance.models import Receipt
from appliance.protocols import AuditSink
from tests.unit.audit.support import NAME, START, Clock, Home, event, fill


def test_the_log_is_an_audit_sink(log: AuditLog) -> None:
    sink: AuditSink = log

    assert sink.commit(event(0)) == Receipt(log.reader.event(0).id, 0)
    assert sink.submit(event(1)).result().index == 1


def test_what_was_committed_is_in_a_signed_checkpoint_before_the_call_returns(log: AuditLog) -> None:
    for number in range(5):
        log.commit(event(number))

        assert log.reader.head().size == number + 1
        assert log.reader.proof(number).head.size == number + 1


def test_events_of_many_threads_share_commits_and_none_is_lost(log: AuditLog) -> None:
    receipts: list[Receipt] = []

    def client(first: int) -> None:
        receipts.extend(log.commit(event(number)) for number in range(first, first + 40))

    threads = [threading.Thread(target=client, args=(first * 40,)) for first in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(receipt.index for receipt in receipts) == list(range(640))
    assert all(log.reader.event(receipt.index).id == receipt.event for receipt in receipts)
    assert log.check() == ()


def test_a_log_that_is_opened_again_goes_on_where_it_ended(home: Home, clock: Clock) -> None:
    total = 0
    for count in (0, 1, 254, 1, 1, 255, 300):
        with home.open(clock) as log:
            fill(log, count, total)
            total += count
            assert log.reader.head().size == total
            assert log.check() == ()


def test_the_same_event_twice_is_recorded_once(log: AuditLog) -> None:
    first = event(0)

    receipts = [future.result() for future in [log.submit(first) for _ in range(5)]]

    assert set(receipts) == {Receipt(first.id, 0)}
    assert log.commit(first) == receipts[0]
    assert log.reader.head().size == 1


def test_the_same_event_after_reopening_has_its_first_receipt(home: Home) -> None:
    first = event(0)
    with home.open() as log:
        fill(log, 3, 10)
        receipt = log.commit(first)
    with home.open() as log:
        assert log.commit(first) == receipt
        assert log.reader.head().size == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "failed"},
        {"details": {"number": 1}},
        {"case": "case-9"},
        {"texts": {"question": "another"}},
        {"texts": {}},
        {"texts": {"question": "在宅勤務は週何日までですか？ 0", "answer": "x"}},
    ],
    ids=str,
)
def test_one_id_for_two_events_is_refused_and_the_log_goes_on(log: AuditLog, changes: dict[str, object]) -> None:
    log.commit(event(0, id="one"))

    with pytest.raises(AuditIdReused, match="event one is in the log already"):
        log.commit(event(0, id="one", **changes))
    assert log.commit(event(1)).index == 1


def test_a_repeated_event_whose_text_was_erased_is_still_the_same(home: Home) -> None:
    with home.open() as log:
        receipt = log.commit(event(0, id="one"))
    home.sql("DELETE FROM audit_texts")
    with home.open() as log:
        assert log.commit(event(0, id="one")) == receipt


def test_an_event_that_cannot_be_recorded_disturbs_nobody(log: AuditLog) -> None:
    with pytest.raises(AuditEventInvalid, match="line break"):
        log.submit(event(0, details={"text": "a\nb"}))

    assert log.commit(event(1)).index == 0


def test_a_clock_that_is_set_back_does_not_turn_the_order_around(log: AuditLog, clock: Clock) -> None:
    log.commit(event(0))
    clock.now -= timedelta(days=1)
    log.commit(event(1))

    assert [log.reader.event(index).time for index in (0, 1)] == [START + timedelta(seconds=1)] * 2


def test_a_clock_that_was_set_back_while_the_log_was_closed_does_not_either(home: Home) -> None:
    with home.open(Clock(START + timedelta(days=1))) as log:
        log.commit(event(0))
    with home.open(Clock(START)) as log:
        log.commit(event(1))
        assert log.reader.event(1).time == log.reader.event(0).time == START + timedelta(days=1, seconds=1)


def test_a_caller_that_goes_away_does_not_unmake_its_event(log: AuditLog) -> None:
    future = log.submit(event(0))

    assert not future.cancel()
    assert future.result().index == 0


def test_closing_writes_what_waits_and_refuses_what_comes(home: Home) -> None:
    log = home.open()
    futures = [log.submit(event(number)) for number in range(700)]
    log.close()

    assert sorted(future.result().index for future in futures) == list(range(700))
    with pytest.raises(AuditUnavailable, match="the log is closed"):
        log.commit(event(0))
    log.close()


def test_one_process_owns_the_log(home: Home, log: AuditLog) -> None:
    with pytest.raises(AuditLocked, match=f"{home.path} is in use by another process"):
        home.open()

    assert log.commit(event(0)).index == 0


def test_another_process_is_refused_too_and_may_read(home: Home, log: AuditLog) -> None:
    log.commit(event(0))
    script = (
        "import sys; from pathlib import Path\n"
        "from appliance.audit.log import AuditLog\n"
        "from appliance.audit.reading import AuditReader\n"
        "from appliance.audit import keys\n"
        "from appliance.errors import AuditLocked\n"
        "path, key = Path(sys.argv[1]), Path(sys.argv[2])\n"
        "print(AuditReader(path, keys.load(key).verifier).head().size)\n"
        "try: AuditLog.open(path, key)\n"
        "except AuditLocked as error: print(error.code)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, home.path, home.key_path], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["1", "audit-locked"]


def test_the_lock_is_given_up_on_closing_and_after_a_failed_opening(home: Home) -> None:
    home.open().close()
    home.sql("UPDATE audit_checkpoint SET note = x'00'")
    for _ in range(2):
        with pytest.raises(AuditBroken, match="not a well-formed signed note"):
            home.open()


def test_nobody_else_may_read_the_store(home: Home, log: AuditLog) -> None:
    fill(log, 3)

    for path in home.path.parent.glob("audit.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_every_connection_writes_through_to_the_disk_and_deletes_for_good(home: Home, log: AuditLog) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}
    with log.reader.engine.connect() as reading:
        for connection in (log._owned.connection, reading):
            for name, value in wanted.items():
                assert connection.exec_driver_sql(f"PRAGMA {name}").scalar() == value
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reading.connection.cursor().execute("DELETE FROM audit_texts")


@pytest.fixture
def careless_sqlite() -> Iterator[None]:
    """A SQLite that was built with other defaults than Debian's: it neither syncs nor wipes."""

    def weaken(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA secure_delete=OFF")

    sqlalchemy.event.listen(sqlalchemy.Pool, "connect", weaken)
    yield
    sqlalchemy.event.remove(sqlalchemy.Pool, "connect", weaken)


def test_what_protects_is_set_by_the_log_and_not_left_to_the_build(careless_sqlite: None, home: Home) -> None:
    with home.open() as log:
        connection = log._owned.connection
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "secure_delete")]

    assert found == [2, 1]


def test_a_text_that_was_deleted_is_not_left_in_the_file(home: Home) -> None:
    with home.open() as log:
        fill(log, 3)
    assert "在宅勤務は週何日".encode() in home.path.read_bytes()
    connection = sqlite3.connect(home.path)
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("DELETE FROM audit_texts")
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()

    assert all("在宅勤務は週何日".encode() not in path.read_bytes() for path in home.path.parent.glob("audit.db*"))


def test_a_new_log_is_signed_as_empty_under_its_name(home: Home) -> None:
    with home.open() as log:
        assert (log.reader.head().size, log.key.name) == (0, NAME)
        assert log.reader.head().note.startswith(f"{NAME}\n0\n47DEQpj8HBSa")
        assert log.check() == ()


def test_a_log_is_not_made_over_another_nor_under_another_keys_name(home: Home, tmp_path: Path) -> None:
    with pytest.raises(AuditExists, match="never overwritten"):
        AuditLog.create(home.path, home.key_path, NAME)
    with pytest.raises(AuditKeyInvalid, match="the log is to be called other/log"):
        AuditLog.create(tmp_path / "other.db", home.key_path, "other/log")
    assert not (tmp_path / "other.db").exists()


def test_a_log_that_was_half_made_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "audit.db.new").write_bytes(b"half of a database")

    AuditLog.create(tmp_path / "audit.db", tmp_path / "audit.key", NAME)

    with AuditLog.open(tmp_path / "audit.db", tmp_path / "audit.key") as log:
        assert log.commit(event(0)).index == 0


def test_a_log_that_is_gone_is_not_replaced_by_an_empty_one(home: Home) -> None:
    home.path.unlink()

    with pytest.raises(AuditUnavailable, match="there is no such file"):
        home.open()
    assert not home.path.exists()


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("DELETE FROM audit_leaves WHERE idx = 299", "299 leaves are stored and 300 were signed"),
        ("DELETE FROM audit_leaves WHERE idx = 5", "299 leaves are stored and 300 were signed"),
        ("UPDATE audit_leaves SET idx = 300 WHERE idx = 299", "300 leaves are stored and 300 were signed"),
        ("UPDATE audit_leaves SET leaf = leaf || x'20' WHERE idx = 280", "the leaves have another root"),
        ("UPDATE audit_tiles SET root = zeroblob(32)", "the leaves have another root"),
        ("DELETE FROM audit_checkpoint", "there is no checkpoint"),
        ("UPDATE audit_checkpoint SET note = x'61'", "not a well-formed signed note"),
        ("UPDATE audit_checkpoint SET note = replace(note, '300', '299')", "signature does not match"),
    ],
)
def test_a_store_that_is_not_what_was_signed_is_not_opened(home: Home, statement: str, why: str) -> None:
    with home.open() as log:
        fill(log, 300)
    home.sql(statement)

    with pytest.raises(AuditBroken, match=f"{home.path} does not match what its key signed: .*{why}"):
        home.open()


def test_a_leaf_slipped_in_behind_the_last_checkpoint_is_seen(home: Home) -> None:
    with home.open() as log:
        fill(log, 3)
    home.sql(
        "INSERT INTO audit_leaves SELECT 3, 'x', time, action, outcome, actor, case_id, leaf FROM audit_leaves LIMIT 1"
    )

    with pytest.raises(AuditBroken, match="4 leaves are stored and 3 were signed"):
        home.open()


def test_a_log_signed_by_another_key_is_not_opened(home: Home, tmp_path: Path) -> None:
    keys.generate(tmp_path / "other.key", NAME)

    with pytest.raises(AuditBroken, match="it is not signed by the key"):
        AuditLog.open(home.path, tmp_path / "other.key")


def test_a_file_that_is_no_database_is_named(home: Home) -> None:
    home.path.write_bytes(b"rubbish" * 1000)

    with pytest.raises(AuditUnavailable, match=f"{home.path} cannot be written .file is not a database"):
        home.open()


def test_a_store_that_cannot_be_written_is_refused_at_the_start(home: Home) -> None:
    Path(f"{home.path}-wal").mkdir()  # SQLite cannot make its write-ahead log

    with pytest.raises(AuditUnavailable, match=f"{home.path} cannot be written"):
        home.open()


def test_a_read_only_spell_of_the_database_does_not_outlive_its_repair(home: Home) -> None:
    """SQLite made -shm while the database was read-only, and gave it that mode; nobody but root can open it to write."""
    with home.open() as log:
        log.commit(event(0))
    beside = Path(f"{home.path}-shm")
    beside.write_bytes(bytes(32_768))  # SQLite mends the mode of an empty one
    beside.chmod(0o400)

    with home.open() as log:
        log.commit(event(1))
        assert stat.S_IMODE(beside.stat().st_mode) == stat.S_IMODE(home.path.stat().st_mode)


POISON = """
import resource, sys
from concurrent.futures import wait
from pathlib import Path
from appliance.audit.log import AuditLog
from appliance.errors import AuditUnavailable
from tests.unit.audit.support import event

path, key = map(Path, sys.argv[1:])
log = AuditLog.open(path, key)
acknowledged = [log.commit(event(0))]
# From here on the disk takes nothing more: writes beyond this size fail (SIGXFSZ is ignored by Python).
size = Path(f"{path}-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
futures = []
try:
    futures += (log.submit(event(number)) for number in range(1, 5001))
except AuditUnavailable:
    pass  # the writer failed before the last was handed over
wait(futures)
assert futures
assert not [f for f in futures if not isinstance(f.exception(), AuditUnavailable)], "something was acknowledged"
print(futures[-1].exception())
# The disk is well again, but nobody knows what it holds: the log stays shut.
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
for _ in range(3):
    try:
        log.submit(event(0))
    except AuditUnavailable as error:
        print("refused")
log.close()
with AuditLog.open(path, key) as log:
    assert log.reader.event(0).id == acknowledged[0].event
    print(log.check(), log.commit(event(5)).index == log.reader.head().size - 1)
"""


def test_after_a_failed_write_everything_is_refused_until_the_log_is_opened_again(home: Home) -> None:
    done = subprocess.run(
        [sys.executable, "-c", POISON, home.path, home.key_path],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )

    said = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert f"The audit log at {home.path} cannot be written" in said[0]
    assert said[1:] == ["refused"] * 3 + ["() True"]


def test_a_defect_in_the_writer_does_not_leave_its_callers_waiting(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def broken() -> None:
        raise ZeroDivisionError

    log = home.open(broken)  # type: ignore[arg-type]
    futures = [log.submit(event(0))]
    wait(futures, timeout=30)

    with pytest.raises(AuditUnavailable, match="its writer stopped"):
        futures[0].result(timeout=0)
    with pytest.raises(AuditUnavailable, match="its writer stopped"):
        log.commit(event(1))
    log.close()


CLIENTS = """
import sys, threading
from pathlib import Path
from appliance.audit.log import AuditLog
from tests.unit.audit.support import event

log = AuditLog.open(Path(sys.argv[1]), Path(sys.argv[2]))
lock = threading.Lock()

def client(first):
    for number in range(first, first + 100_000):
        receipt = log.commit(event(number))
        with lock:
            sys.stdout.write(f"{receipt.index} {receipt.event}\\n")
            sys.stdout.flush()

for number in range(8):
    threading.Thread(target=client, args=(number * 100_000,)).start()
"""


def test_kill_9_loses_nothing_that_was_acknowledged(home: Home) -> None:
    acknowledged: dict[int, str] = {}
    for round_number in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", CLIENTS, home.path, home.key_path],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        assert process.stdout is not None
        wanted = len(acknowledged) + 150 + 70 * round_number
        for line in process.stdout:
            if line.endswith("\n"):
                index, identifier = line.split()
                acknowledged[int(index)] = identifier
            if len(acknowledged) == wanted:
                os.kill(process.pid, 9)
        process.wait()
        process.stdout.close()

        with home.open() as log:
            assert log.check() == ()
            events = log.reader.events(EventFilter(), limit=1_000_000)
            stored = {one.index: one.id for one in events}
            assert acknowledged.items() <= stored.items()
            log.commit(event(round_number))
            acknowledged[log.reader.head().size - 1] = log.reader.events(EventFilter(), limit=1)[0].id
    assert len(acknowledged) > 1000
