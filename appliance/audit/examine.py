"""The verification of an export: from a key that the auditor holds to every byte in the folder.

(1) inventory: regular files and folders only   (2) the manifest's signature by the given key   (3) every file that it
names and no other, by size and hash   (4) the checkpoint: same key, same log   (5) bundles and tiles: every hash made
again from the entries   (6) each leaf: canonical, its id new, its time not earlier   (7) the events shown are exactly
those that the selection admits, each line and row made again from its leaf, each text against its commitment
(8) counts, root and time of making   (9) an older checkpoint is a beginning of this log.
A text that the log commits to and that is not there is a problem of its own; the examination goes on.

It needs the standard library and `cryptography`, and of ours the modules that it imports. Trust comes from the key
alone: what the export says of itself is used only after the key's signature was verified over it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from appliance.actions import ACTIONS, Action
from appliance.audit import records
from appliance.audit.checkpoint import Checkpoint, opened
from appliance.audit.leaf import Leaf, parse
from appliance.audit.manifest import (
    CHECKPOINT,
    CSV,
    DAMAGED,
    JSONL,
    KEY,
    LOG,
    MANIFEST,
    SIGNATURE,
    Manifest,
    StatedSelection,
    contents,
    statement,
)
from appliance.audit.merkle import EMPTY_ROOT, leaf_hash
from appliance.audit.note import VerifierKey, open_note
from appliance.audit.refusal import located, refusal, within
from appliance.audit.tiles import MAX_ENTRY, WIDTH, Frontier, Tile, decode_bundle, expected
from appliance.errors import ExportRefused

_BLOCK = 1 << 20
_MAX_SMALL = 1 << 20  # bytes of a key, a signed note, a tile
_MAX_MANIFEST = 1 << 26  # a log of fifty million events
_MAX_LINE = 1 << 26  # an event with all its texts
_MAX_BUNDLE = WIDTH * (2 + MAX_ENTRY)
_MOST_MISSING = 1000  # named; the others are counted
# What desktops leave in a folder that somebody only looked at.
_LITTER = re.compile(r"\.DS_Store|\._.+|desktop\.ini|Thumbs\.db", re.IGNORECASE)


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
    created: str = ""  # in a leaf's form, as the other times
    selection: StatedSelection = field(default_factory=StatedSelection)
    events: int = 0
    missing: int = 0  # texts, of which at most a thousand are among the problems
    since: int | None = None  # events of the older checkpoint

    @property
    def verified(self) -> bool:
        """Whether everything holds."""
        return not self.problems

    @property
    def only_missing(self) -> bool:
        """Whether all that is there holds, and texts are not there."""
        return self.missing > 0


def examine(folder: Path, key: VerifierKey, since: Since | None, *, complete: bool) -> Verdict:
    """Verify the export in `folder`; a selection is refused where it must be `complete`.

    Faults of files are all reported, and all missing texts; others end the examination.
    """
    try:
        found = _inventory(folder)  # (1)
        manifest = _signed_manifest(folder, found, key)  # (2)
        if problems := _file_problems(folder, found, manifest):  # (3)
            return Verdict(tuple(problems))
        if complete and not manifest.selection.whole:
            raise refusal("selected", file=MANIFEST, detail=", ".join(manifest.selection.parts()))
        checkpoint = _checkpoint(folder, manifest, key)  # (4)
        earlier = _earlier(since, checkpoint, key)
        examination = _Examination(folder, manifest, checkpoint, earlier)
        examination.run()  # (5) to (9)
    except ExportRefused as error:
        return Verdict((error,))
    return Verdict(
        problems=tuple(examination.missing),
        origin=checkpoint.origin,
        size=checkpoint.size,
        root=checkpoint.root.hex(),
        created=manifest.created,
        selection=manifest.selection,
        events=manifest.events,
        missing=manifest.missing,
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
    if DAMAGED in found:
        raise refusal("damaged", file=DAMAGED)
    for path in (SIGNATURE, MANIFEST):
        if found.get(path) is not False:
            raise refusal("missing", file=path)
    with within(SIGNATURE):
        said = open_note(_read(folder / SIGNATURE, _MAX_SMALL), key, cosigned=False)
    with within(MANIFEST):
        data = _read(folder / MANIFEST, _MAX_MANIFEST)
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
        refusal("litter" if _LITTER.fullmatch(PurePosixPath(path).name) and not is_folder else "added", file=path)
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
        if _read(folder / KEY, _MAX_SMALL) != f"{key.encode()}\n".encode():
            raise refusal("key-differs")
    with within(CHECKPOINT):
        checkpoint = opened(_read(folder / CHECKPOINT, _MAX_SMALL), key, cosigned=False)
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
    missing_count: int = 0
    missing: list[ExportRefused] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Steps (5) to (9)."""
        self._compare_actions()
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

    def _compare_actions(self) -> None:
        """The key's holder may sign another meaning of an action; ours is the one that stands in this program."""
        for name, said in self.manifest.actions.items():
            known = ACTIONS.get(name)
            if known is not None and said != known:
                raise refusal(
                    "action-renamed", file=MANIFEST, detail=name, expected=_meaning(known), found=_meaning(said)
                )

    def _entries(self) -> Iterator[tuple[int, bytes, str]]:
        """Every entry, its bundle's path too; the tree grows with it."""
        watched = self.earlier[1].size if self.earlier else None
        for tile in expected(self.checkpoint.size):
            if tile.level is not None:
                continue
            path = f"{LOG}/{tile.path}"
            with within(path):
                entries = decode_bundle(_read(self.folder / path, _MAX_BUNDLE), tile.width)
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
            if _read(self.folder / path, _MAX_SMALL) != hashes:
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
            line = jsonl.readline(_MAX_LINE)
            if not line:
                raise refusal("event-missing", detail=index)
            if len(line) == _MAX_LINE:
                raise refusal("too-large", detail=f">= {_MAX_LINE}")
            head = records.line_head(index, data, leaf, action)
            texts = records.texts_of_line(line, head, index, leaf.commitments)
        except ExportRefused as error:
            raise located(error, JSONL) from error
        except OSError as error:
            raise refusal("unreadable", file=JSONL, detail=error.strerror or error) from error
        _expect(csv, records.csv_row(index, leaf, action, texts, self.manifest.text_names), index, "row-differs")
        self.events += 1
        if texts:
            self.names |= leaf.commitments.keys()
            for name, text in texts.items():
                if text is None:
                    self._is_missing(index, name)

    def _is_missing(self, index: int, name: str) -> None:
        self.missing_count += 1
        if len(self.missing) < _MOST_MISSING:
            self.missing.append(refusal("text-missing", file=JSONL, name=name, detail=index))

    def _compare_totals(self) -> None:
        with within(CHECKPOINT):
            root = self.frontier.root()
            if root != self.checkpoint.root:
                raise refusal("root-differs", expected=self.checkpoint.root.hex(), found=root.hex())
        with within(MANIFEST):
            for what, said, found in (
                ("events", self.manifest.events, self.events),
                ("missing", self.manifest.missing, self.missing_count),
                ("texts", list(self.manifest.text_names), sorted(self.names)),
            ):
                if said != found:
                    raise refusal("count-differs", detail=what, expected=said, found=found)
            if self.manifest.created < self.last_time:
                raise refusal("created-early", expected=self.manifest.created, found=self.last_time)


def _meaning(action: Action) -> str:
    return f"{action.ja} / {action.en} / OCSF {action.ocsf_class}-{action.activity}"


def _expect(csv: BinaryIO, wanted: bytes, index: int, reason: str) -> None:
    try:
        found = csv.read(len(wanted))
    except OSError as error:
        raise refusal("unreadable", file=CSV, detail=error.strerror or error) from error
    if found != wanted:
        raise refusal(reason, file=CSV, detail=index)


def _read(place: Path, most: int) -> bytes:
    """The whole of a file; refused before more of it than `most` bytes is in memory."""
    with _reading(), open(place, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise refusal("too-large", detail=f"> {most}")
    return data


@contextmanager
def _reading() -> Iterator[None]:
    """Map what the operating system raises to a refusal."""
    try:
        yield
    except OSError as error:
        raise refusal("unreadable", detail=error.strerror or error) from error
