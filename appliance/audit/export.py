"""Writing an export: the whole log in tiles, the selected events with their texts, and a signed manifest.

(1) take the signed head  (2) stream the leaves into bundles, tiles and the two event files  (3) compare the root with
the head  (4) manifest and signature  (5) rename into place. Until (5) everything stands in a hidden sibling folder,
which goes away when a step fails.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from io import BufferedWriter
from itertools import islice
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection

from appliance.actions import ACTIONS, Action
from appliance.audit import records, store
from appliance.audit.leaf import Leaf, SaltedText, parse, stamp
from appliance.audit.log import AuditLog
from appliance.audit.manifest import (
    CHECKPOINT,
    CSV,
    JSONL,
    KEY,
    LOG,
    MANIFEST,
    SIGNATURE,
    FileEntry,
    Manifest,
    StatedSelection,
    statement,
)
from appliance.audit.merkle import leaf_hash
from appliance.audit.reading import Head
from appliance.audit.tiles import WIDTH, Frontier, Tile, encode_bundle
from appliance.errors import (
    AuditBroken,
    ExportFolderUsed,
    ExportNotWritten,
    ExportRefused,
    SelectionEmpty,
    SelectionPersonUnknown,
)
from appliance.models import new_id


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the log's size and root (hex), how many events are shown and how many texts miss."""

    size: int
    root: str
    events: int
    missing: int


@dataclass(frozen=True, slots=True)
class Selection:
    """The events to show: from `start` on and before `end` (aware times), of or about one person; None is any."""

    start: datetime | None = None
    end: datetime | None = None
    person: str | None = None

    @property
    def stated(self) -> StatedSelection:
        """As the manifest states it."""
        # A command line may bring a lone surrogate; nobody's id has one, and JSON cannot hold it.
        person = None if self.person is None else self.person.encode(errors="replace").decode()
        start, end = (None if time is None else stamp(time) for time in (self.start, self.end))
        return StatedSelection(start, end, person)


def export(log: AuditLog, folder: Path, wanted: Selection) -> Exported:
    """Write the export into `folder`, which is new or empty.

    Raises ExportFolderUsed, ExportNotWritten, SelectionEmpty, SelectionPersonUnknown, and AuditBroken where what is
    stored is not what was signed.
    """
    if wanted.start is not None and wanted.end is not None and wanted.start >= wanted.end:
        raise SelectionEmpty(start=wanted.start.isoformat(), end=wanted.end.isoformat())
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise ExportFolderUsed(path=folder)
    room = folder.parent / f".{folder.name}.{new_id()}"
    try:
        room.mkdir(mode=0o700)
        try:
            exported = _written(log, room, wanted.stated)
            room.rename(folder)
        finally:
            shutil.rmtree(room, ignore_errors=True)
    except OSError as error:
        raise ExportNotWritten(path=folder, why=error.strerror or error) from error
    return exported


def _written(log: AuditLog, room: Path, wanted: StatedSelection) -> Exported:
    try:
        return _Writing(log, room, wanted).run()
    except ExportRefused as error:
        raise AuditBroken(where=log.path, why_en=error.values["why_en"], why_ja=error.values["why_ja"]) from error


class _Writing:
    """One export on its way; counts what the manifest will say."""

    def __init__(self, log: AuditLog, room: Path, wanted: StatedSelection) -> None:
        self._log, self._room, self._wanted = log, room, wanted
        self._files: dict[str, FileEntry] = {}
        self._actions: dict[str, Action] = {}
        self._events = self._missing = 0
        self._last_time = ""

    def run(self) -> Exported:
        reader = self._log.reader
        with store.storage(reader.path), reader.engine.connect() as connection:
            # (1) What is appended from now on is not part of this export.
            head = reader.read_head(connection)
            names = self._text_names(connection, head.size)
            # (2) and (3)
            root = self._stream(connection, head, names)
        if root != head.root:
            raise AuditBroken(
                where=reader.path, why_en="the leaves have another root", why_ja="各記録のルートが異なります"
            )
        self._put(CHECKPOINT, head.note.encode())
        self._put(KEY, f"{self._log.key.encode()}\n".encode())
        # (4)
        manifest = Manifest(
            origin=self._log.key.name,
            size=head.size,
            root=root.hex(),
            # A clock that was set back must not make the export older than what is in it.
            created=max(self._last_time, stamp(self._log.now())),
            selection=self._wanted,
            events=self._events,
            missing=self._missing,
            text_names=names,
            actions=self._actions,
            files=dict(self._files),
        ).encode()
        self._put(MANIFEST, manifest)
        self._put(SIGNATURE, self._log.sign(statement(self._log.key.name, sha256(manifest).hexdigest())))
        return Exported(head.size, root.hex(), self._events, self._missing)

    def _text_names(self, connection: Connection, size: int) -> tuple[str, ...]:
        """The columns of texts: every name that a selected event commits to, there or not."""
        names: set[str] = set()
        concerned = self._wanted.person is None
        for row in store.rows_between(connection, 0, size):
            leaf = parse(row.leaf)
            concerned = concerned or self._wanted.concerns(leaf)
            if leaf.commitments.keys() - names and self._wanted.admits(leaf):
                names |= leaf.commitments.keys()
            self._last_time = leaf.time
        if not concerned:
            raise SelectionPersonUnknown(person=self._wanted.person)
        return tuple(sorted(names))

    def _stream(self, connection: Connection, head: Head, names: tuple[str, ...]) -> bytes:
        frontier = Frontier()
        rows = store.rows_between(connection, 0, head.size)
        with ExitStack() as stack:
            jsonl = stack.enter_context(_Hashed(self._room / JSONL))
            csv = stack.enter_context(_Hashed(self._room / CSV))
            csv.write(records.csv_head(names))
            while bundle := list(islice(rows, WIDTH)):
                number = bundle[0].index // WIDTH
                self._put_tile(Tile(None, number, len(bundle)), encode_bundle(row.leaf for row in bundle))
                for row in bundle:
                    for full in frontier.append(leaf_hash(row.leaf)):
                        self._put_tile(Tile(full.level, full.n, WIDTH), full.hashes)
                for index, data, leaf, texts in self._selected(connection, bundle):
                    action = self._action(leaf.action)
                    jsonl.write(records.line(index, data, leaf, action, texts))
                    csv.write(records.csv_row(index, leaf, action, texts, names))
            self._files |= {JSONL: jsonl.entry(), CSV: csv.entry()}
        for tile, hashes in frontier.partial():
            self._put_tile(tile, hashes)
        return frontier.root()

    def _selected(
        self, connection: Connection, bundle: list[store.Row]
    ) -> Iterator[tuple[int, bytes, Leaf, records.Texts]]:
        chosen = [(row, leaf) for row in bundle if self._wanted.admits(leaf := parse(row.leaf))]
        beside = store.texts_of(connection, [row.index for row, leaf in chosen if leaf.commitments])
        for row, leaf in chosen:
            found: dict[str, SaltedText] = {text.name: text for text in beside.get(row.index, ())}
            texts = {name: found.get(name) for name in sorted(leaf.commitments)}
            self._events += 1
            self._missing += sum(text is None for text in texts.values())
            yield row.index, row.leaf, leaf, texts

    def _action(self, name: str) -> Action:
        # A log outlives the catalogue: an action that is no longer in it is OCSF's base event, under its own name.
        return self._actions.setdefault(name, ACTIONS.get(name, Action(name, name, name, 0, 0)))

    def _put_tile(self, tile: Tile, data: bytes) -> None:
        self._put(f"{LOG}/{tile.path}", data)

    def _put(self, path: str, data: bytes) -> None:
        place = self._room / path
        for parent in reversed(PurePosixPath(path).parents):
            (self._room / parent).mkdir(mode=0o700, exist_ok=True)  # parents=True would not pass the mode on
        with _Hashed(place) as file:
            file.write(data)
        self._files[path] = file.entry()


class _Hashed:
    """A new file of mode 0600 (an export holds what people asked) that is hashed as it is written."""

    def __init__(self, path: Path) -> None:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        self._file: BufferedWriter = os.fdopen(handle, "wb")
        self._digest, self._size = sha256(), 0

    def __enter__(self) -> _Hashed:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> None:
        """Append."""
        self._file.write(data)
        self._digest.update(data)
        self._size += len(data)

    def entry(self) -> FileEntry:
        """What the manifest says of this file."""
        return FileEntry(self._digest.hexdigest(), self._size)
