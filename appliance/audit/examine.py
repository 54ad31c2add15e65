"""The verification of an export: from a key that the auditor holds to every byte in the folder.

(1) inventory: regular files and folders only   (2) the manifest's signature by the given key   (3) every file that it
names and no other, by size and hash   (4) the checkpoint: same key, same log   (5) bundles and tiles: every hash made
again from the entries   (6) each leaf: canonical, its id new, its time not earlier   (7) the events shown are exactly
those that the selection admits, each line and row made again from its leaf, each text against its commitment
(8) counts and root   (9) an older checkpoint is a beginning of this log.

It needs the standard library and `cryptography`, and of ours the modules that it imports. Trust comes from the key
alone: what the export says of itself is used only after the key's signature was verified over it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from appliance.audit import records
from appliance.audit.checkpoint import Checkpoint, opened
from appliance.audit.leaf import Leaf, parse
from appliance.audit.manifest import (
    CHECKPOINT,
    CSV,
    JSONL,
    KEY,
    LOG,
    MANIFEST,
    SIGNATURE,
    Manifest,
    contents,
    statement,
)
from appliance.audit.merkle import EMPTY_ROOT, leaf_hash
from appliance.audit.note import VerifierKey, open_note
from appliance.audit.refusal import located, refusal, within
from appliance.audit.tiles import WIDTH, Frontier, Tile, decode_bundle, expected
from appliance.errors import ExportRefused

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Since:
    """A checkpoint that the auditor kept: the note, and its file's name for messages."""

    name: str
    note: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the examination found; verified when there is no problem. Counts are of a verified export only."""

    problems: tuple[ExportRefused, ...]
    origin: str = ""
    size: int = 0
    root: str = ""  # hex
    events: int = 0
    erased: int = 0
    since: int | None = None  # events of the older checkpoint

    @property
    def verified(self) -> bool:
        """Whether everything holds."""
        return not self.problems


def examine(folder: Path, key: VerifierKey, since: Since | None) -> Verdict:
    """Verify the export in `folder`. Faults of files are all reported, later ones end the examination."""
    try:
        found = _inventory(folder)  # (1)
        manifest = _signed_manifest(folder, found, key)  # (2)
        if problems := _file_problems(folder, found, manifest):  # (3)
            return Verdict(tuple(problems))
        checkpoint = _checkpoint(folder, manifest, key)  # (4)
        earlier = _earlier(since, checkpoint, key)
        _Examination(folder, manifest, checkpoint, earlier).run()  # (5) to (9)
    except ExportRefused as error:
        return Verdict((error,))
    return Verdict(
        problems=(),
        origin=checkpoint.origin,
        size=checkpoint.size,
        root=checkpoint.root.hex(),
        events=manifest.events,
        erased=manifest.erased,
        since=earlier[1].size if earlier else None,
    )


def _inventory(folder: Path) -> dict[str, bool]:
    """Everything below the folder by relative path, and whether it is a folder; links and devices are refused."""
    found: dict[str, bool] = {}
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        with within(prefix or str(folder)), _reading(), os.scandir(folder / prefix) as entries:
            for entry in entries:
                path = f"{prefix}{entry.name}"
                is_folder = entry.is_dir(follow_symlinks=False)
                if not is_folder and not entry.is_file(follow_symlinks=False):
                    raise refusal("not-a-file", file=path)
                found[path] = is_folder
                if is_folder:
                    waiting.append(f"{path}/")
    return found


def _signed_manifest(folder: Path, found: dict[str, bool], key: VerifierKey) -> Manifest:
    for path in (SIGNATURE, MANIFEST):
        if found.get(path) is not False:
            raise refusal("missing", file=path)
    with within(SIGNATURE):
        said = open_note(_read(folder / SIGNATURE), key, cosigned=False)
    with within(MANIFEST):
        data = _read(folder / MANIFEST)
        if said != statement(key.name, sha256(data).hexdigest()):
            raise refusal("changed")
        manifest = Manifest.decode(data)
        if manifest.origin != key.name:
            raise refusal("origin-differs", detail=manifest.origin)
    return manifest


def _file_problems(folder: Path, found: dict[str, bool], manifest: Manifest) -> list[ExportRefused]:
    """Missing, added and changed files, all of them, in order of paths."""
    wanted = contents(manifest.size)
    folders = {str(parent) for path in wanted for parent in PurePosixPath(path).parents} - {"."}
    problems = [
        refusal("added", file=path)
        for path, is_folder in found.items()
        if path not in (folders if is_folder else {*wanted, MANIFEST, SIGNATURE})
    ]
    for path in wanted:
        if found.get(path) is not False:
            problems.append(refusal("missing", file=path))
        elif path not in manifest.files or not _is_as_signed(folder / path, manifest, path):
            problems.append(refusal("changed", file=path))
    if manifest.files.keys() - wanted:
        problems.append(refusal("malformed", file=MANIFEST, detail="it names files that no export has"))
    return sorted(problems, key=lambda problem: problem.values["file"])


def _is_as_signed(place: Path, manifest: Manifest, path: str) -> bool:
    entry, digest, size = manifest.files[path], sha256(), 0
    with within(path), _reading(), open(place, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return (digest.hexdigest(), size) == (entry.sha256, entry.size)


def _checkpoint(folder: Path, manifest: Manifest, key: VerifierKey) -> Checkpoint:
    with within(KEY):
        if _read(folder / KEY) != f"{key.encode()}\n".encode():
            raise refusal("key-differs")
    with within(CHECKPOINT):
        checkpoint = opened(_read(folder / CHECKPOINT), key, cosigned=False)
        if checkpoint.size != manifest.size:
            raise refusal("size-differs", expected=checkpoint.size, found=manifest.size)
        if checkpoint.root.hex() != manifest.root:
            raise refusal("root-differs", expected=checkpoint.root.hex(), found=manifest.root)
    return checkpoint


def _earlier(since: Since | None, now: Checkpoint, key: VerifierKey) -> tuple[str, Checkpoint] | None:
    if since is None:
        return None
    with within(since.name):
        earlier = opened(since.note, key, cosigned=True)
        if earlier.size > now.size:
            raise refusal("since-larger", expected=earlier.size, found=now.size)
    return since.name, earlier


@dataclass(slots=True)
class _Examination:
    """One pass over the entries of the log; the two event files are read along."""

    folder: Path
    manifest: Manifest
    checkpoint: Checkpoint
    earlier: tuple[str, Checkpoint] | None
    frontier: Frontier = field(default_factory=Frontier)
    ids: set[str] = field(default_factory=set)
    last_time: str = ""
    events: int = 0
    erased: int = 0
    names: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Steps (5) to (9)."""
        self._compare_earlier()
        with ExitStack() as stack:
            with _reading():
                jsonl = stack.enter_context(open(self.folder / JSONL, "rb"))
                csv = stack.enter_context(open(self.folder / CSV, "rb"))
            _expect(csv, records.csv_head(self.manifest.text_names), 0, "row-differs")
            admits = self.manifest.selection.admits
            for index, data, path in self._entries():
                leaf = self._leaf(index, data, path)
                if admits(leaf):
                    self._shown(index, data, leaf, jsonl, csv)
            for file, name in ((jsonl, JSONL), (csv, CSV)):
                with within(name), _reading():
                    if file.read(1):
                        raise refusal("surplus")
        self._compare_totals()

    def _entries(self) -> Iterator[tuple[int, bytes, str]]:
        """Every entry, its bundle's path too; the tree grows with it."""
        watched = self.earlier[1].size if self.earlier else None
        for tile in expected(self.checkpoint.size):
            if tile.level is not None:
                continue
            path = f"{LOG}/{tile.path}"
            with within(path):
                entries = decode_bundle(_read(self.folder / path), tile.width)
            for data in entries:
                yield self.frontier.size, data, path
                for full in self.frontier.append(leaf_hash(data)):
                    self._compare_tile(Tile(full.level, full.n, WIDTH), full.hashes)
                if self.frontier.size == watched:
                    self._compare_earlier()
        for partial, hashes in self.frontier.partial():
            self._compare_tile(partial, hashes)

    def _compare_tile(self, tile: Tile, hashes: bytes) -> None:
        path = f"{LOG}/{tile.path}"
        with within(path):
            if _read(self.folder / path) != hashes:
                raise refusal("tile-differs", detail=f"level {tile.level}, tile {tile.n}")

    def _compare_earlier(self) -> None:
        if self.earlier is None or self.frontier.size != self.earlier[1].size:
            return
        name, earlier = self.earlier
        root = self.frontier.root() if earlier.size else EMPTY_ROOT
        if root != earlier.root:
            raise refusal("forked", file=name, detail=earlier.size)

    def _leaf(self, index: int, data: bytes, path: str) -> Leaf:
        try:
            leaf = parse(data)
        except ExportRefused as error:
            raise located(error, f"{path}#{index}") from error
        if leaf.time < self.last_time:
            raise refusal("time-backwards", file=path, detail=index)
        if leaf.id in self.ids:
            raise refusal("id-twice", file=path, detail=index)
        self.last_time = leaf.time
        self.ids.add(leaf.id)
        return leaf

    def _shown(self, index: int, data: bytes, leaf: Leaf, jsonl: BinaryIO, csv: BinaryIO) -> None:
        action = self.manifest.actions.get(leaf.action)
        if action is None:
            raise refusal("action-unknown", file=MANIFEST, detail=index)
        try:
            line = jsonl.readline()
            if not line:
                raise refusal("event-missing", detail=index)
            head = records.line_head(index, data, leaf, action)
            texts = records.texts_of_line(line, head, index, leaf.commitments)
        except ExportRefused as error:
            raise located(error, JSONL) from error
        except OSError as error:
            raise refusal("unreadable", file=JSONL, detail=error.strerror or error) from error
        _expect(csv, records.csv_row(index, leaf, action, texts, self.manifest.text_names), index, "row-differs")
        self.events += 1
        if texts:
            self.erased += sum(text is None for text in texts.values())
            self.names |= leaf.commitments.keys()

    def _compare_totals(self) -> None:
        with within(CHECKPOINT):
            root = self.frontier.root()
            if root != self.checkpoint.root:
                raise refusal("root-differs", expected=self.checkpoint.root.hex(), found=root.hex())
        with within(MANIFEST):
            for what, said, found in (
                ("events", self.manifest.events, self.events),
                ("erased", self.manifest.erased, self.erased),
                ("texts", list(self.manifest.text_names), sorted(self.names)),
            ):
                if said != found:
                    raise refusal("count-differs", detail=what, expected=said, found=found)


def _expect(csv: BinaryIO, wanted: bytes, index: int, reason: str) -> None:
    try:
        found = csv.read(len(wanted))
    except OSError as error:
        raise refusal("unreadable", file=CSV, detail=error.strerror or error) from error
    if found != wanted:
        raise refusal(reason, file=CSV, detail=index)


def _read(place: Path) -> bytes:
    with _reading():
        return place.read_bytes()


@contextmanager
def _reading() -> Iterator[None]:
    """Map what the operating system raises to a refusal."""
    try:
        yield
    except OSError as error:
        raise refusal("unreadable", detail=error.strerror or error) from error
