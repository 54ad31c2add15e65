"""The log's own full check: every stored leaf, tile and text against the last signed checkpoint.

`AuditLog.open` verifies the tail; this reads everything, beside a writer that goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from threading import Event

from sqlalchemy import Connection

from appliance.audit import store
from appliance.audit.leaf import Leaf, SaltedText, commitment, parse
from appliance.audit.merkle import leaf_hash
from appliance.audit.reading import AuditReader, Head
from appliance.audit.refusal import located, refusal
from appliance.audit.tiles import Frontier, FullTile
from appliance.errors import AuditUnavailable, ExportRefused

_MOST = 100
_BATCH = 1000
_BESIDE = frozenset({"text-missing", "text-stray", "text-differs", "columns-differ"})


def breaks_the_log(problem: ExportRefused) -> bool:
    """Whether the log itself is not what was signed, and not only what stands beside it: texts and search columns."""
    return problem.values["reason"] not in _BESIDE


def rolled_back(reader: AuditReader, size: int, root: str, key: str) -> ExportRefused | None:
    """What is wrong where the log is no continuation of a head that is known: its size, root in hex, and key."""
    if key != reader.key.encode():
        return refusal("key-replaced", file="checkpoint", expected=key, found=reader.key.encode())
    try:
        now = reader.head()
    except ExportRefused as error:
        return located(error, "checkpoint")
    if now.size < size:
        return refusal("rolled-back", file="checkpoint", expected=size, found=now.size)
    if reader.root_at(size).hex() != root:
        return refusal("rewritten", file="log", detail=size)
    return None


def check(reader: AuditReader, stop: Event | None = None) -> tuple[ExportRefused, ...]:
    """The problems in the order of the log, at most 100 of it and 100 beside it; none when all is as it was signed.

    It ends early, with what was found so far, once `stop` is set. Raises AuditUnavailable where the storage cannot be
    read.
    """
    with store.storage(reader.path), reader.engine.connect() as connection:
        try:
            head, strays = _head(reader, connection)
        except ExportRefused as error:
            return (located(error, "checkpoint"),)
        return _shortened(chain(strays, _Check(connection, stop or Event()).problems(head)))


def _shortened(problems: Iterable[ExportRefused]) -> tuple[ExportRefused, ...]:
    """A hundred of either kind: many missing texts must not hide that the root differs."""
    kept: dict[bool, list[tuple[int, ExportRefused]]] = {True: [], False: []}
    for number, problem in enumerate(problems):
        if len(same := kept[breaks_the_log(problem)]) < _MOST:
            same.append((number, problem))
    return tuple(problem for _, problem in sorted(chain(*kept.values()), key=lambda found: found[0]))


def _head(reader: AuditReader, connection: Connection) -> tuple[Head, list[ExportRefused]]:
    """The head, and the leaves that stood outside of it at its moment."""
    note, lowest, highest = store.outermost(connection)
    if note is None:
        raise AuditUnavailable(where=reader.path, why="there is no checkpoint")
    head = reader.opened_head(note)
    outside = [index for index, is_outside in ((lowest, lowest < 0), (highest, highest >= head.size)) if is_outside]
    return head, [refusal("leaf-stray", file="log", detail=index) for index in outside]


class _Check:
    """One pass over the store."""

    def __init__(self, connection: Connection, stop: Event) -> None:
        self._connection, self._stop = connection, stop
        self._frontier = Frontier()
        self._ids: set[str] = set()
        self._last_time = ""

    def problems(self, head: Head) -> Iterator[ExportRefused]:
        for what in store.foreign(self._connection):
            yield refusal("schema-foreign", file="database", detail=what)
        rows = store.rows_between(self._connection, 0, head.size)
        while batch := list(islice(rows, _BATCH)):
            if self._stop.is_set():
                return
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
            return
        if (root := self._frontier.root()) != head.root:
            yield refusal("root-differs", file="checkpoint", expected=head.root.hex(), found=root.hex())
        yield from self._strays()

    def _strays(self) -> Iterator[ExportRefused]:
        """What is stored and belongs to no event."""
        if (tile := store.stray_tile(self._connection)) is not None:
            yield refusal("tile-stray", file="tiles", detail=tile)
        for index, name in store.stray_texts(self._connection, _MOST):
            yield refusal("text-stray", file=f"event {index}", name=name, detail=index)

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
        yield from _text_problems(row.index, leaf, beside, where)


def _text_problems(index: int, leaf: Leaf, beside: Sequence[SaltedText], where: str) -> Iterator[ExportRefused]:
    for text in beside:
        committed = leaf.commitments.get(text.name)
        if committed is None:
            yield refusal("text-stray", file=where, name=text.name, detail=index)
        elif committed != commitment(text.salt, text.text):
            yield refusal("text-differs", file=where, name=text.name, detail=index)
    for name in sorted(leaf.commitments.keys() - {text.name for text in beside}):
        yield refusal("text-missing", file=where, name=name, detail=index)


def _tile_problems(connection: Connection, full: FullTile) -> Iterator[ExportRefused]:
    if store.full_tile(connection, full.level, full.n) != (full.hashes, full.root):
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
