"""The log's own full check: every stored leaf, tile and text against the last signed checkpoint.

`AuditLog.open` verifies the tail; this reads everything, beside a writer that goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import Connection

from appliance.audit import store
from appliance.audit.leaf import Leaf, SaltedText, commitment, parse
from appliance.audit.merkle import leaf_hash
from appliance.audit.reading import AuditReader, Head
from appliance.audit.refusal import located, refusal
from appliance.audit.tiles import WIDTH, Frontier, FullTile
from appliance.errors import ExportRefused

_MOST = 100
_BATCH = 1000


def check(reader: AuditReader) -> tuple[ExportRefused, ...]:
    """The problems, at most 100, in the order of the log; none when all is as it was signed.

    Raises AuditUnavailable where the storage cannot be read.
    """
    with store.storage(reader.path), reader.engine.connect() as connection:
        try:
            head = reader.read_head(connection)
        except ExportRefused as error:
            return (located(error, "checkpoint"),)
        return tuple(islice(_Check(connection).problems(head), _MOST))


class _Check:
    """One pass over the store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._frontier = Frontier()
        self._ids: set[str] = set()
        self._last_time = ""

    def problems(self, head: Head) -> Iterator[ExportRefused]:
        rows = store.rows_between(self._connection, 0, head.size)
        while batch := list(islice(rows, _BATCH)):
            beside = store.texts_of(self._connection, [row.index for row in batch])
            for row in batch:
                if row.index != self._frontier.size:
                    yield refusal("event-missing", file="log", detail=self._frontier.size)
                    return
                for full in self._frontier.append(leaf_hash(row.leaf)):
                    yield from _tile_problems(self._connection, full)
                yield from self._row(row, beside.get(row.index, ()))
        if self._frontier.size != head.size:
            yield refusal("size-differs", file="checkpoint", expected=head.size, found=self._frontier.size)
        elif (root := self._frontier.root()) != head.root:
            yield refusal("root-differs", file="checkpoint", expected=head.root.hex(), found=root.hex())

    def _row(self, row: store.Row, beside: Sequence[SaltedText]) -> Iterator[ExportRefused]:
        where = f"event {row.index}"
        try:
            leaf = parse(row.leaf)
        except ExportRefused as error:
            yield located(error, where)
            return
        if leaf.time < self._last_time:
            yield refusal("time-backwards", file=where, detail=row.index)
        if leaf.id in self._ids:
            yield refusal("id-twice", file=where, detail=row.index)
        self._ids.add(leaf.id)
        self._last_time = leaf.time
        yield from _column_problems(row, leaf, where)
        for text in beside:
            if leaf.commitments.get(text.name) != commitment(text.salt, text.text):
                yield refusal("text-differs", file=where, name=text.name, detail=row.index)


def _tile_problems(connection: Connection, full: FullTile) -> Iterator[ExportRefused]:
    if store.tile_hashes(connection, full.level, full.n, WIDTH) != full.hashes:
        yield refusal("tile-differs", file="tiles", detail=f"level {full.level}, tile {full.n}")


def _column_problems(row: store.Row, leaf: Leaf, where: str) -> Iterator[ExportRefused]:
    """Columns by which auditors search must say what the leaf says."""
    for name, column, value in (
        ("event_id", row.event_id, leaf.id),
        ("time", row.time, leaf.time),
        ("action", row.action, leaf.action),
        ("outcome", row.outcome, leaf.outcome),
        ("actor", row.actor, leaf.actor),
        ("case", row.case, leaf.case),
    ):
        if column != value:
            yield refusal("columns-differ", file=where, detail=name)
