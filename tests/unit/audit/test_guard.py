"""A log that is put back, replaced or changed in the middle is noticed at the start, and takes no event any more."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.audit.checkpoint import Checkpoint, signed
from appliance.audit.guard import examine, guarded
from appliance.audit.log import AuditLog
from appliance.errors import AuditBroken, ExportRefused, StoreUnavailable
from appliance.store.database import open_database
from appliance.store.known_heads import KnownHeads
from tests.unit.audit.support import NAME, Clock, Home, event, fill

CHANGED = "UPDATE audit_leaves SET leaf = replace(leaf, 'success', 'aborted') WHERE idx = 3"


@pytest.fixture
def heads(tmp_path: Path) -> Iterator[KnownHeads]:
    """The registry's."""
    engine = open_database(tmp_path / "appliance.db")
    yield KnownHeads(engine)
    engine.dispose()


@contextmanager
def running(home: Home, heads: KnownHeads, at_once: int = 1000) -> Iterator[AuditLog]:
    with home.open(Clock()) as log, guarded(log, heads, at_once=at_once, every=0.01):
        yield log


def refused(home: Home, heads: KnownHeads, why: str) -> None:
    with pytest.raises(AuditBroken, match=why), running(home, heads):
        pass


def older_copy(home: Home, to: Path) -> Path:
    return Path(shutil.copy(home.path, to))


def put_back(home: Home, copy: Path) -> None:
    for sibling in ("-wal", "-shm"):
        Path(f"{home.path}{sibling}").unlink(missing_ok=True)
    copy.rename(home.path)


def test_an_older_copy_of_the_log_is_refused_at_the_start(home: Home, heads: KnownHeads, tmp_path: Path) -> None:
    with running(home, heads) as log:
        fill(log, 300)
    copy = older_copy(home, tmp_path / "copy")
    with running(home, heads) as log:
        fill(log, 5)
    put_back(home, copy)

    refused(home, heads, r"it has 300 events and 305 were signed.*Do not put an older backup")


def test_an_older_copy_that_went_on_differently_is_refused(home: Home, heads: KnownHeads, tmp_path: Path) -> None:
    with running(home, heads) as log:
        fill(log, 3)
    copy = older_copy(home, tmp_path / "copy")
    with running(home, heads) as log:
        fill(log, 3)
    put_back(home, copy)
    with home.open() as log:  # by somebody who has the key and not the registry
        fill(log, 30)

    refused(home, heads, r"its first 6 events are not those that were signed")


def test_a_log_of_another_key_is_refused(home: Home, heads: KnownHeads, tmp_path: Path) -> None:
    with running(home, heads):
        pass
    other = Home(tmp_path / "other.db", tmp_path / "other.key")
    AuditLog.create(other.path, other.key_path, NAME)

    refused(other, heads, r"the one that is known for this installation is")


def test_a_log_that_goes_on_is_accepted_also_after_a_crash(home: Home, heads: KnownHeads) -> None:
    with running(home, heads) as log:
        fill(log, 260)
    with home.open() as log:  # what was signed and, for a crash, not kept
        fill(log, 260)
    with running(home, heads) as log:
        assert log.check() == ()
    assert heads.last() == (520, log.newest.root.hex(), log.key.encode())


def test_the_head_is_kept_while_the_log_goes_on(home: Home, heads: KnownHeads) -> None:
    with running(home, heads) as log:
        fill(log, 7)
        while (heads.last() or (0,))[0] != 7:
            threading.Event().wait(0.005)


def test_a_registry_that_cannot_be_written_does_not_end_the_keeping(home: Home) -> None:
    class Full:
        said: list[int] = []  # noqa: RUF012 - of one test

        def last(self) -> None:
            return None

        def keep(self, size: int, root: str, key: str) -> None:
            self.said.append(size)
            if len(self.said) < 3:
                raise StoreUnavailable(where="here", why="it is full")

    with home.open() as log, guarded(log, Full(), every=0.001):
        while len(Full.said) < 3:
            threading.Event().wait(0.002)
        fill(log, 2)
    assert Full.said[-1] == 2


def test_a_file_that_is_exchanged_under_the_running_log_is_named(home: Home, tmp_path: Path) -> None:
    with home.open() as log:
        fill(log, 3)
    copy = older_copy(home, tmp_path / "copy")
    with home.open() as log:
        fill(log, 3)
        log.reader.close()
        put_back(home, copy)

        assert log.check()[0] == ("checkpoint: it has 3 events and 6 were signed: it was put back to an older copy")


def test_a_change_in_the_middle_is_refused_before_anything_is_served(home: Home, heads: KnownHeads) -> None:
    with running(home, heads) as log:
        fill(log, 300)
    home.sql(CHANGED)

    refused(home, heads, r"does not match what its key signed: .*tiles: it does not follow")


def test_a_change_in_the_middle_of_a_large_log_is_found_in_the_background(home: Home, heads: KnownHeads) -> None:
    with running(home, heads) as log:
        fill(log, 300)
    home.sql(CHANGED)

    with running(home, heads, at_once=0) as log:
        for thread in threading.enumerate():
            if thread.name == "audit-check":
                thread.join()
        with pytest.raises(AuditBroken, match="tiles: it does not follow"):
            log.commit(event())
        with pytest.raises(AuditBroken, match="tiles: it does not follow"):
            log.require_writable()


def test_a_missing_text_does_not_stop_the_service(home: Home, heads: KnownHeads) -> None:
    with running(home, heads) as log:
        fill(log, 9)
    home.sql("DELETE FROM audit_texts")

    with running(home, heads) as log:
        assert log.commit(event(1)).index == 9
        assert len(log.check()) == 6


def test_a_check_that_is_told_to_stop_stops(home: Home) -> None:
    with home.open() as log:
        fill(log, 300)
        home.sql(CHANGED)
        stop = threading.Event()
        stop.set()

        examine(log, stop)

        log.require_writable()


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 520])
def test_a_checkpoint_that_was_kept_is_continued(home: Home, size: int) -> None:
    with home.open() as log:
        fill(log, size)
        note = log.reader.head().note.encode()
        fill(log, 521 - size, size)

        assert log.reader.continues(note) == size


@pytest.mark.parametrize(("size", "why"), [(3, "its first 3 events are not those"), (7, "has 6 events and 7 were")])
def test_a_checkpoint_that_is_not_continued_is_refused(home: Home, size: int, why: str) -> None:
    with home.open() as log:
        fill(log, 6)

        with pytest.raises(ExportRefused, match=why):
            log.reader.continues(signed(Checkpoint(NAME, size, bytes(32)), home.key))
