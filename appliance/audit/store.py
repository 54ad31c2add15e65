"""The audit store on SQLite: its two engines (one connection writes, several read) and its statements.

Leaves and full tiles never change once they are committed, so a reader who takes the head first needs no transaction
and never makes the writer wait.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, insert, select, update
from sqlalchemy.engine import URL
from sqlalchemy.engine import Row as SqlRow
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection

from appliance.audit import tables
from appliance.audit.leaf import SaltedText
from appliance.audit.merkle import leaf_hash
from appliance.audit.tiles import WIDTH, Frontier, FullTile
from appliance.errors import AuditUnavailable

DATABASE_ERRORS = (SQLAlchemyError, sqlite3.Error)
STORAGE_ERRORS = (*DATABASE_ERRORS, OSError)
_PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "busy_timeout": 5000}
_CHUNK = 1000
_MOST_LEVELS = 7  # of tiles over 2**63 leaves


@dataclass(frozen=True, slots=True)
class Row:
    """A leaf as it is stored, with the texts beside it."""

    index: int
    event_id: str
    time: str
    action: str
    outcome: str
    actor: str
    case: str
    leaf: bytes
    texts: tuple[SaltedText, ...]


@contextmanager
def storage(path: Path, errors: tuple[type[Exception], ...] = DATABASE_ERRORS) -> Iterator[None]:
    """Map what the storage raises to AuditUnavailable; who also opens files of the log itself names STORAGE_ERRORS."""
    try:
        yield
    except errors as error:
        raise AuditUnavailable(where=path, why=reason(error)) from error


def reason(error: BaseException) -> str:
    """The storage's own words, without SQLAlchemy's statement and link."""
    return str(getattr(error, "orig", None) or error) or type(error).__name__


def engine(path: Path, *, writes: bool) -> Engine:
    """An engine whose every connection has the pragmas that make a commit durable and a deletion real.

    SQLite's own default in WAL mode may lose the last commits at a power cut, and keeps deleted text in free pages.
    """
    made = create_engine(URL.create("sqlite", database=str(path)), connect_args={"check_same_thread": False})

    @event.listens_for(made, "connect")
    def _prepare(connection: sqlite3.Connection, record: object) -> None:
        for name, value in _PRAGMAS.items():
            connection.execute(f"PRAGMA {name}={value}")
            found = connection.execute(f"PRAGMA {name}").fetchone()[0]
            if found != value:
                raise sqlite3.OperationalError(f"{name} is {found} instead of {value}")
        if not writes:
            connection.execute("PRAGMA query_only=ON")

    return made


def make_file(path: Path) -> None:
    """An empty file of mode 0600 whose name survives a power cut; SQLite gives its siblings the same mode."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    sync_folder(path.parent)


def forget_shared_memory(path: Path) -> None:
    """Remove the -shm of another mode than the database's; SQLite makes it again from the -wal file.

    SQLite gives it the database's mode of that moment: one that was made while the database was read-only stays so.
    Only the owner of the log's lock may call this, before anything is opened.
    """
    beside = Path(f"{path}-shm")
    if beside.exists() and stat.S_IMODE(beside.stat().st_mode) != stat.S_IMODE(path.stat().st_mode):
        beside.unlink()


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def lock_for_writing(connection: Connection) -> None:
    """Fail now, not at the first event, where the database cannot be written."""
    driver: PoolProxiedConnection = connection.connection
    cursor = driver.cursor()
    cursor.execute("BEGIN IMMEDIATE")
    cursor.execute("ROLLBACK")
    cursor.close()


def head_note(connection: Connection) -> bytes | None:
    """The last signed checkpoint, unread; None in a store that was never created."""
    found = connection.execute(select(tables.checkpoints.c.note)).scalar()
    return None if found is None else _bytes(found)


def _bytes(value: object) -> bytes:
    """SQLite keeps any type in any column, so what somebody else wrote may be a text: its bytes are judged."""
    return value if isinstance(value, bytes) else str(value).encode()


def foreign(connection: Connection) -> tuple[str, ...]:
    """What the database holds beside the tables and indexes of the log, as "kind name": a trigger, a view, a table.

    A trigger could change what is written, a view stand where a table stood. What SQLite makes for itself is its own.
    """
    ours = {("table", table.name) for table in tables.metadata.sorted_tables}
    ours |= {("index", str(index.name)) for table in tables.metadata.sorted_tables for index in table.indexes}
    found = [
        (str(kind), str(name)) for kind, name in connection.exec_driver_sql("SELECT type, name FROM sqlite_master")
    ]
    return tuple(
        f"{kind} {name}"
        for kind, name in sorted(found)
        if (kind, name) not in ours and not (kind in ("table", "index") and name.startswith("sqlite_"))
    )


def schema_version(connection: Connection) -> int:
    """A number that changes whenever anything in the schema does."""
    return int(connection.exec_driver_sql("PRAGMA schema_version").scalar_one())


def stray_texts(connection: Connection, limit: int) -> list[tuple[int, str]]:
    """Texts (index, name) beside which no leaf stands, at most `limit`; one statement, so a writer may go on."""
    beside, leaf = tables.texts.c, tables.leaves.c
    none = ~select(leaf.idx).where(leaf.idx == beside.idx).exists()
    found = connection.execute(select(beside.idx, beside.name).where(none).order_by(beside.idx).limit(limit))
    return [(row.idx, str(row.name)) for row in found]


def outermost(connection: Connection) -> tuple[bytes | None, int, int]:
    """The last checkpoint's note with the lowest and highest number of a leaf at the same moment; 0, -1 of none."""
    lowest, highest = (select(edge(tables.leaves.c.idx)).scalar_subquery() for edge in (func.min, func.max))
    row = connection.execute(select(tables.checkpoints.c.note, lowest, highest)).first()
    if row is None:
        return None, 0, -1
    note, low, high = row
    return _bytes(note), 0 if low is None else low, -1 if high is None else high


def stray_tile(connection: Connection) -> str | None:
    """A stored tile that no log with so many leaves has."""
    tile = tables.tiles.c
    size = select(func.count()).select_from(tables.leaves).scalar_subquery()
    most = tile.n >= size.op(">>")(8 * (tile.level + 1))
    odd = (tile.level < 0) | (tile.level > _MOST_LEVELS) | (tile.n < 0) | most
    found = connection.execute(select(tile.level, tile.n).where(odd).limit(1)).first()
    return None if found is None else f"level {found.level}, tile {found.n}"


def append(connection: Connection, rows: Sequence[Row], full: Sequence[FullTile], size: int, note: bytes) -> None:
    """Store a batch and its checkpoint; the caller commits."""
    leaves = [
        {
            "idx": row.index,
            "event_id": row.event_id,
            "time": row.time,
            "action": row.action,
            "outcome": row.outcome,
            "actor": row.actor,
            "case_id": row.case,
            "leaf": row.leaf,
        }
        for row in rows
    ]
    connection.execute(insert(tables.leaves), leaves)
    beside = [
        {"idx": row.index, "name": text.name, "salt": text.salt, "text": text.text}
        for row in rows
        for text in row.texts
    ]
    if beside:
        connection.execute(insert(tables.texts), beside)
    if full:
        values = [{"level": tile.level, "n": tile.n, "hashes": tile.hashes, "root": tile.root} for tile in full]
        connection.execute(insert(tables.tiles), values)
    connection.execute(update(tables.checkpoints).values(size=size, note=note))


def row_of(found: SqlRow[Any], texts: Iterable[SaltedText] = ()) -> Row:
    """A row of the table of leaves as a value."""
    return Row(
        index=found.idx,
        event_id=found.event_id,
        time=found.time,
        action=found.action,
        outcome=found.outcome,
        actor=found.actor,
        case=found.case_id,
        leaf=_bytes(found.leaf),
        texts=tuple(texts),
    )


def known(connection: Connection, ids: Sequence[str]) -> dict[str, Row]:
    """The stored events among these ids."""
    if not ids:
        return {}
    rows = connection.execute(select(tables.leaves).where(tables.leaves.c.event_id.in_(ids))).all()
    beside = texts_of(connection, [row.idx for row in rows])
    return {row.event_id: row_of(row, beside.get(row.idx, ())) for row in rows}


def texts_of(connection: Connection, indexes: Sequence[int]) -> dict[int, list[SaltedText]]:
    """The texts beside these leaves, by index; a missing one is not there."""
    found: dict[int, list[SaltedText]] = {}
    for begin in range(0, len(indexes), _CHUNK):
        wanted = indexes[begin : begin + _CHUNK]
        for row in connection.execute(select(tables.texts).where(tables.texts.c.idx.in_(wanted))):
            found.setdefault(row.idx, []).append(SaltedText(row.name, _bytes(row.salt), _bytes(row.text)))
    return found


def rows_between(connection: Connection, begin: int, end: int) -> Iterator[Row]:
    """The stored leaves [begin, end) in order, without their texts."""
    columns = tables.leaves.c
    while begin < end:
        upto = min(begin + _CHUNK, end)
        statement = select(tables.leaves).where(columns.idx >= begin, columns.idx < upto).order_by(columns.idx)
        yield from (row_of(row) for row in connection.execute(statement).all())
        begin = upto


def full_tile(connection: Connection, level: int, n: int) -> tuple[bytes, bytes]:
    """The hashes and the root of a full tile as they are stored; empty where it is not."""
    own = tables.tiles.c
    row = connection.execute(select(own.hashes, own.root).where(own.level == level, own.n == n)).first()
    return (b"", b"") if row is None else (_bytes(row.hashes), _bytes(row.root))


def tile_hashes(connection: Connection, level: int, n: int, width: int) -> bytes:
    """The hashes of a tile of the layout, joined; those of an unfinished tile are gathered from what lies below."""
    if width == WIDTH:
        own = tables.tiles.c
        return _bytes(connection.execute(select(own.hashes).where(own.level == level, own.n == n)).scalar() or b"")
    begin = n * WIDTH
    if level == 0:
        return b"".join(leaf_hash(row.leaf) for row in rows_between(connection, begin, begin + width))
    below = tables.tiles.c
    statement = select(below.root).where(below.level == level - 1, below.n >= begin, below.n < begin + width)
    return b"".join(map(_bytes, connection.execute(statement.order_by(below.n)).scalars()))


def stored_frontier(connection: Connection, size: int) -> Frontier:
    """The right edge of the stored tree: the last leaves and the roots of the full tiles above them."""
    edges, level, count = [], 0, size
    while count:
        hashes = tile_hashes(connection, level, count // WIDTH, count % WIDTH)
        edges.append([hashes[i : i + 32] for i in range(0, len(hashes), 32)])
        level, count = level + 1, count // WIDTH
    return Frontier.resume(size, edges)
