"""Reading the log: events by filter, by number and by case, inclusion proofs, the signed head. It never makes the
writer wait, and works on a log that another process writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, select

from appliance.audit import store, tables
from appliance.audit.checkpoint import Checkpoint, opened
from appliance.audit.leaf import SaltedText, moment, parse, stamp
from appliance.audit.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    range_hash,
    verify_consistency,
    verify_inclusion,
)
from appliance.audit.note import VerifierKey
from appliance.audit.refusal import refusal
from appliance.audit.tiles import WIDTH, split_hashes
from appliance.errors import AuditEventNotFound, AuditUnavailable, ExportRefused
from appliance.models import Json


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events: None leaves a condition out. Times select `start` <= t < `end`; the others are exact."""

    start: datetime | None = None
    end: datetime | None = None
    actor: str | None = None
    action: str | None = None
    outcome: str | None = None
    case: str | None = None


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event as the log has it. In `texts` a missing text is None; lists of events carry no texts."""

    index: int
    id: str
    time: datetime
    action: str
    outcome: str
    actor_kind: str
    actor: str
    case: str
    details: Mapping[str, Json]
    texts: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Head:
    """The state of the log: what its key signed last, and the note itself."""

    size: int
    root: bytes
    note: str


@dataclass(frozen=True, slots=True)
class Proof:
    """That an event is in the tree under `head`: verified, and for others to verify with the hashes in `path`."""

    index: int
    leaf: bytes  # hash
    path: tuple[bytes, ...]
    head: Head


class AuditReader:
    """Reads one log, as many threads as like. Raises AuditUnavailable where the storage does."""

    def __init__(self, path: Path, key: VerifierKey) -> None:
        self.path, self.key = path, key
        self.engine = store.engine(path, writes=False)

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def head(self) -> Head:
        """The last signed checkpoint, its signature verified."""
        with store.storage(self.path), self.engine.connect() as connection:
            return self.read_head(connection)

    def read_head(self, connection: Connection) -> Head:
        """`head` on a connection that goes on reading."""
        note = store.head_note(connection)
        if note is None:
            raise AuditUnavailable(where=self.path, why="there is no checkpoint")
        return self.opened_head(note)

    def opened_head(self, note: bytes) -> Head:
        """A stored checkpoint as a head, its signature verified."""
        checkpoint: Checkpoint = opened(note, self.key, cosigned=False)
        return Head(checkpoint.size, checkpoint.root, note.decode())

    def events(
        self, wanted: EventFilter, *, limit: int, before: int | None = None, texts: bool = False
    ) -> tuple[LoggedEvent, ...]:
        """At most `limit` events, newest first, with numbers below `before`."""
        columns = tables.leaves.c
        conditions = _conditions(wanted)
        if before is not None:
            conditions.append(columns.idx < before)
        with store.storage(self.path), self.engine.connect() as connection:
            statement = select(tables.leaves).where(*conditions).order_by(columns.idx.desc()).limit(limit)
            rows = [store.row_of(row) for row in connection.execute(statement)]
            beside = store.texts_of(connection, [row.index for row in rows]) if texts else None
        return tuple(_logged(row, beside) for row in rows)

    def event(self, index: int) -> LoggedEvent:
        """The event with this number, with its texts. Raises AuditEventNotFound."""
        with store.storage(self.path), self.engine.connect() as connection:
            row = self._row(connection, index)
            return _logged(row, store.texts_of(connection, [index]))

    def case(self, case_id: str) -> tuple[LoggedEvent, ...]:
        """All events of a case, oldest first, with their texts."""
        columns = tables.leaves.c
        with store.storage(self.path), self.engine.connect() as connection:
            statement = select(tables.leaves).where(columns.case_id == case_id).order_by(columns.idx)
            rows = [store.row_of(row) for row in connection.execute(statement)]
            beside = store.texts_of(connection, [row.index for row in rows])
        return tuple(_logged(row, beside) for row in rows)

    def proof(self, index: int) -> Proof:
        """The inclusion proof of an event under the latest checkpoint, verified. Raises AuditEventNotFound.

        Raises ExportRefused when what is stored does not lead to the signed root.
        """
        with store.storage(self.path), self.engine.connect() as connection:
            head = self.read_head(connection)
            leaf = leaf_hash(self._row(connection, index).leaf)
            path = inclusion_proof(index, head.size, _Nodes(connection, head.size))
        verify_inclusion(index, head.size, leaf, path, head.root)
        return Proof(index, leaf, tuple(path), head)

    def root_at(self, size: int) -> bytes:
        """The root over the first `size` leaves as they are stored; of no tree where they do not lead to one."""
        with store.storage(self.path), self.engine.connect() as connection:
            head = self.read_head(connection)
            return range_hash(0, size, _Nodes(connection, head.size)) if size else EMPTY_ROOT

    def continues(self, note: bytes) -> int:
        """The size of an older checkpoint of this log, after the proof that the log continues it was verified.

        Raises ExportRefused where it is not this log's, or where the log does not continue it.
        """
        earlier = opened(note, self.key, cosigned=True)
        with store.storage(self.path), self.engine.connect() as connection:
            head = self.read_head(connection)
            if earlier.size > head.size:
                raise refusal("rolled-back", expected=earlier.size, found=head.size)
            if earlier.size == 0:
                return 0
            path = consistency_proof(earlier.size, head.size, _Nodes(connection, head.size))
        try:
            verify_consistency(earlier.size, head.size, path, earlier.root, head.root)
        except ExportRefused as error:
            raise refusal("rewritten", detail=earlier.size) from error
        return earlier.size

    def _row(self, connection: Connection, index: int) -> store.Row:
        size = self.read_head(connection).size
        row = next(store.rows_between(connection, index, index + 1), None) if 0 <= index < size else None
        if row is None:
            raise AuditEventNotFound(event=index, last=size - 1)
        return row


class _Nodes:
    """Hashes of complete subtrees, from the stored tiles; each tile is read once."""

    def __init__(self, connection: Connection, size: int) -> None:
        self._connection, self._size = connection, size
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def __call__(self, level: int, n: int) -> bytes:
        tile_level, height = divmod(level, 8)
        tile, first = divmod(n << height, WIDTH)
        if (tile_level, tile) not in self._tiles:
            width = min(WIDTH, (self._size >> (8 * tile_level)) - tile * WIDTH)
            hashes = store.tile_hashes(self._connection, tile_level, tile, width)
            self._tiles[tile_level, tile] = split_hashes(hashes)
        return CompactRange(self._tiles[tile_level, tile][first : first + (1 << height)]).root()


def _conditions(wanted: EventFilter) -> list[ColumnElement[bool]]:
    columns = tables.leaves.c
    exact = (
        (columns.actor, wanted.actor),
        (columns.action, wanted.action),
        (columns.outcome, wanted.outcome),
        (columns.case_id, wanted.case),
    )
    conditions = [column == value for column, value in exact if value is not None]
    if wanted.start is not None:
        conditions.append(columns.time >= stamp(wanted.start))
    if wanted.end is not None:
        conditions.append(columns.time < stamp(wanted.end))
    return conditions


def _logged(row: store.Row, beside: Mapping[int, Sequence[SaltedText]] | None) -> LoggedEvent:
    leaf = parse(row.leaf)
    texts: dict[str, str | None] = {}
    if beside is not None:
        found = {text.name: text.text.decode() for text in beside.get(row.index, ())}
        texts = {name: found.get(name) for name in sorted(leaf.commitments)}
    return LoggedEvent(
        index=row.index,
        id=leaf.id,
        time=moment(leaf.time),
        action=leaf.action,
        outcome=leaf.outcome,
        actor_kind=leaf.actor_kind,
        actor=leaf.actor,
        case=leaf.case,
        details=leaf.details,
        texts=texts,
    )
