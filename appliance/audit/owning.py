"""Founding a log, and taking ownership of one: the lock, the writing connection and the verified tail."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from appliance.audit import store, tables
from appliance.audit.checkpoint import Checkpoint, opened, signed
from appliance.audit.leaf import parse
from appliance.audit.merkle import EMPTY_ROOT
from appliance.audit.note import SigningKey, VerifierKey
from appliance.audit.refusal import refusal
from appliance.audit.tiles import Frontier
from appliance.errors import (
    AuditBroken,
    AuditExists,
    AuditKeyInvalid,
    AuditLocked,
    AuditUnavailable,
    ExportRefused,
)


class Owned:
    """What belongs to the one owner of a log: its writing connection, and where the log goes on.

    `frontier` is the right edge of the tree and `last_time` the time of the last leaf ("" in an empty log).
    """

    def __init__(self, connection: Connection, frontier: Frontier, last_time: str, held: ExitStack) -> None:
        self.connection, self.frontier, self.last_time = connection, frontier, last_time
        self._held = held

    def release(self) -> None:
        """Close the connection, then give up the lock. Safe to call twice."""
        self._held.close()


def found(path: Path, key: SigningKey, name: str) -> None:
    """Make an empty log called `name`, signed as such, so that an empty file is never taken for one."""
    if key.name != name:
        raise AuditKeyInvalid(where=key.name, why=f"the log is to be called {name}")
    if path.exists():
        raise AuditExists(where=path)
    # Under another name until the first checkpoint is in it: a crash in between leaves no half-made log.
    fresh = path.with_name(f"{path.name}.new")
    with store.storage(path, store.STORAGE_ERRORS):
        for leftover in (fresh, Path(f"{fresh}-wal"), Path(f"{fresh}-shm")):
            leftover.unlink(missing_ok=True)
        store.make_file(fresh)
        engine = store.engine(fresh, writes=True)
        try:
            with engine.begin() as connection:
                tables.metadata.create_all(connection)
                note = signed(Checkpoint(name, 0, EMPTY_ROOT), key)
                connection.execute(insert(tables.checkpoints).values(id=1, size=0, note=note))
        finally:
            engine.dispose()
        fresh.rename(path)
        store.sync_folder(path.parent)


def own(path: Path, key: VerifierKey) -> Owned:
    """Take ownership and compare what is stored with the last signed checkpoint.

    Raises AuditLocked, AuditBroken or AuditUnavailable.
    """
    if not path.exists():
        raise AuditUnavailable(where=path, why="there is no such file")
    with store.storage(path, store.STORAGE_ERRORS), ExitStack() as stack:
        stack.callback(os.close, lock(path))
        store.forget_shared_memory(path)
        engine = store.engine(path, writes=True)
        stack.callback(engine.dispose)
        connection = engine.connect()
        stack.callback(connection.close)
        store.lock_for_writing(connection)
        frontier, last_time = _verified_tail(connection, path, key)
        connection.commit()
        return Owned(connection, frontier, last_time, stack.pop_all())


def lock(path: Path) -> int:
    """Take the log's lock: the handle of its file, to be closed. The lock ends with the process, however it ends."""
    handle = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise AuditLocked(where=path) from error
    return handle


def refuse_foreign(connection: Connection, path: Path) -> None:
    """Raise AuditBroken where the database holds a trigger, view or table that is not of the log."""
    if found := store.foreign(connection):
        reason = refusal("schema-foreign", detail=", ".join(found))
        raise AuditBroken(where=path, why_en=reason.values["why_en"], why_ja=reason.values["why_ja"])


def _verified_tail(connection: Connection, path: Path, key: VerifierKey) -> tuple[Frontier, str]:
    refuse_foreign(connection, path)
    note = store.head_note(connection)
    if note is None:
        raise AuditBroken(where=path, why_en="there is no checkpoint", why_ja="チェックポイントがありません")
    try:
        head = opened(note, key, cosigned=False)
    except ExportRefused as error:
        raise AuditBroken(where=path, why_en=error.values["why_en"], why_ja=error.values["why_ja"]) from error
    columns = tables.leaves.c
    last, count = connection.execute(select(func.max(columns.idx), func.count()).select_from(tables.leaves)).one()
    if (count, -1 if last is None else last) != (head.size, head.size - 1):
        raise AuditBroken(
            where=path,
            why_en=f"{count} leaves are stored and {head.size} were signed",
            why_ja=f"保存 {count} 件、署名 {head.size} 件",
        )
    frontier = store.stored_frontier(connection, head.size)
    if frontier.root() != head.root:
        raise AuditBroken(where=path, why_en="the leaves have another root", why_ja="各記録のルートが異なります")
    newest = connection.execute(select(columns.leaf).where(columns.idx == head.size - 1)).scalar()
    return frontier, "" if newest is None else parse(newest).time
