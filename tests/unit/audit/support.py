"""What the tests of the audit log share: a clock, events, and exports made or forged with the log's own key."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from appliance.actions import ACTIONS
from appliance.audit import keys, records
from appliance.audit.checkpoint import Checkpoint, signed
from appliance.audit.leaf import parse
from appliance.audit.log import AuditLog
from appliance.audit.manifest import FileEntry, Manifest, StatedSelection, statement
from appliance.audit.merkle import leaf_hash
from appliance.audit.note import SigningKey, sign
from appliance.audit.tiles import WIDTH, Frontier, Tile, encode_bundle
from appliance.audit.verify import main
from appliance.errors import ExportRefused
from appliance.models import Actor, AuditEvent, Json, Outcome

NAME = "bank.example/audit"
START = datetime(2026, 11, 24, 9, 0, 0, 123456, tzinfo=UTC)


@dataclass
class Clock:
    """Goes on by a second a look."""

    now: datetime = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass(frozen=True)
class Home:
    """Where a log and its key are."""

    path: Path
    key_path: Path

    def open(self, clock: Callable[[], datetime] | None = None) -> AuditLog:
        return AuditLog.open(self.path, self.key_path, clock=clock or Clock())

    @property
    def key(self) -> SigningKey:
        return keys.load(self.key_path)

    def sql(self, statement: str, *values: object) -> None:
        """Change the store behind the log's back, as who owns the disk can."""
        with sqlite3.connect(self.path) as connection:
            connection.execute(statement, values)
        connection.close()


def event(number: int = 0, **changes: object) -> AuditEvent:
    """An event as a question makes it; every third carries no text."""
    texts = {} if number % 3 == 2 else {"question": f"在宅勤務は週何日までですか？ {number}"}
    made = AuditEvent(
        action=["question.received", "question.retrieved", "page.opened"][number % 3],
        outcome="success",
        actor=Actor("person", f"p{number % 4}"),
        case=f"case-{number // 3}",
        details={"number": number, "score": 0.25, "chunks": ["c1", "c2"]},
        texts=texts,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def fill(log: AuditLog, count: int, first: int = 0) -> None:
    """Append so many events."""
    for future in [log.submit(event(number)) for number in range(first, first + count)]:
        future.result()


def leaf_fields(number: int, **changes: Json) -> dict[str, Json]:
    """The fields of a leaf without texts, as one would write it by hand."""
    fields: dict[str, Json] = {
        "action": "page.opened",
        "actor": {"id": "p1", "kind": "person"},
        "case": f"case-{number}",
        "commitments": {},
        "details": {"number": number},
        "id": f"{number:032x}",
        "outcome": "success",
        "time": (START + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "v": 1,
    }
    return {**fields, **changes}


def by_hand(fields: dict[str, Json]) -> bytes:
    """Canonical bytes of fields without fractions, by the standard library alone."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass
class Raw:
    """An export put together from raw leaves, right in all that it does not spoil on purpose."""

    key: SigningKey
    leaves: Sequence[bytes]
    selection: StatedSelection = field(default_factory=StatedSelection)

    def write(self, folder: Path) -> Path:
        frontier = Frontier()
        files: dict[str, bytes] = {}
        for number in range(0, len(self.leaves), WIDTH):
            bundle = self.leaves[number : number + WIDTH]
            files[f"log/{Tile(None, number // WIDTH, len(bundle)).path}"] = encode_bundle(bundle)
            for leaf in bundle:
                for full in frontier.append(leaf_hash(leaf)):
                    files[f"log/{Tile(full.level, full.n, WIDTH).path}"] = full.hashes
        files |= {f"log/{tile.path}": hashes for tile, hashes in frontier.partial()}
        checkpoint = Checkpoint(self.key.name, frontier.size, frontier.root())
        files["log/checkpoint"] = signed(checkpoint, self.key)
        files["log.vkey"] = f"{self.key.verifier.encode()}\n".encode()
        files["events.jsonl"], files["events.csv"], shown = self._events()
        for path, data in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        manifest = Manifest(
            origin=self.key.name,
            size=frontier.size,
            root=frontier.root().hex(),
            created="2026-12-24T12:00:00.000000Z",
            selection=self.selection,
            events=shown,
            missing=0,
            text_names=(),
            actions=ACTIONS,
            files={},
        )
        resign(folder, self.key, manifest)
        return folder

    def _events(self) -> tuple[bytes, bytes, int]:
        lines, rows = [], [records.csv_head(())]
        for index, data in enumerate(self.leaves):
            try:
                leaf = parse(data)
            except ExportRefused:
                continue  # a leaf that was spoilt on purpose is shown nowhere
            action = ACTIONS.get(leaf.action)
            if action and self.selection.admits(leaf):
                lines.append(records.line(index, data, leaf, action, {}))
                rows.append(records.csv_row(index, leaf, action, {}, ()))
        return b"".join(lines), b"".join(rows), len(lines)


def resign(folder: Path, key: SigningKey, manifest: Manifest | None = None) -> None:
    """Make the manifest fit the files as they are now, and sign it: what only the holder of the key can do."""
    manifest = manifest or Manifest.decode((folder / "manifest.json").read_bytes())
    files = {
        str(path.relative_to(folder)): FileEntry(sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in {"manifest.json", "manifest.sig"}
    }
    data = replace(manifest, files=files).encode()
    (folder / "manifest.json").write_bytes(data)
    (folder / "manifest.sig").write_bytes(sign(statement(key.name, sha256(data).hexdigest()), key))


def change(path: Path, old: bytes, new: bytes) -> None:
    """Replace the first occurrence in a file."""
    data = path.read_bytes()
    assert old in data, f"{old!r} is not in {path.name}"
    path.write_bytes(data.replace(old, new, 1))


def copy(folder: Path, to: Path) -> Path:
    """A copy to spoil."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(folder, to, symlinks=True)
    return to


def verify(folder: Path, key: Path | str, *more: str) -> tuple[int, str]:
    """Run the command; exit code and what it said."""
    out = io.StringIO()
    code = main(["--key", str(key), *more, str(folder)], out)
    return code, out.getvalue()


def reasons(folder: Path, key: Path | str, *more: str) -> list[tuple[str, str]]:
    """(file, reason) of every problem."""
    _, said = verify(folder, key, "--json", *more)
    return [(problem["file"], problem["reason"]) for problem in json.loads(said)["problems"]]


OUTCOMES: tuple[Outcome, ...] = ("success", "denied", "failed", "aborted")
