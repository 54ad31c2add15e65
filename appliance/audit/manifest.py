"""An export's manifest: what was selected from which log, what the actions mean, and every file with its hash.

`manifest.json` is one line of canonical JSON. `manifest.sig` is a signed note of the log's key over its hash; its first
line is none that a checkpoint can have, so that neither signature can serve as the other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from appliance.actions import Action
from appliance.audit.canonical import decode, encode
from appliance.audit.leaf import Leaf, moment
from appliance.audit.refusal import refusal
from appliance.audit.texts import NOTE
from appliance.audit.tiles import expected
from appliance.models import Json

FORMAT = "appliance-export/2"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
KEY, JSONL, CSV, LOG, CHECKPOINT = "log.vkey", "events.jsonl", "events.csv", "log", "log/checkpoint"
DAMAGED = "DAMAGED.json"  # in a folder of evidence, never in an export
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class StatedSelection:
    """Which events are shown: `start` <= time < `end` in a leaf's form, and those of one person; None is any.

    An event is a person's where they are its actor, or where it is about them: its details name them as `person`.
    """

    start: str | None = None
    end: str | None = None
    person: str | None = None

    @property
    def whole(self) -> bool:
        """Whether it leaves nothing out."""
        return self == StatedSelection()

    def parts(self) -> tuple[str, ...]:
        """What it asks for, as "name value"; none where it leaves nothing out."""
        named = (("person", self.person), ("from", self.start), ("to", self.end))
        return tuple(f"{name} {value}" for name, value in named if value is not None)

    def concerns(self, leaf: Leaf) -> bool:
        """Whether the event is the person's, whatever its time."""
        return self.person is None or self.person in (leaf.actor, leaf.details.get("person"))

    def admits(self, leaf: Leaf) -> bool:
        """Whether the event belongs to the selection."""
        return (
            (self.start is None or leaf.time >= self.start)
            and (self.end is None or leaf.time < self.end)
            and self.concerns(leaf)
        )


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the export: sha256 in hex and size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export says of itself. `root` is hex, `created` in a leaf's form, `files` by path."""

    origin: str
    size: int
    root: str
    created: str
    selection: StatedSelection
    events: int
    missing: int  # texts of the selection
    text_names: tuple[str, ...]
    actions: Mapping[str, Action]
    files: Mapping[str, FileEntry]

    def encode(self) -> bytes:
        """The bytes of manifest.json."""
        actions: dict[str, Json] = {
            name: {"activity": action.activity, "class": action.ocsf_class, "en": action.en, "ja": action.ja}
            for name, action in self.actions.items()
        }
        files: dict[str, Json] = {path: {"sha256": f.sha256, "size": f.size} for path, f in self.files.items()}
        return (
            encode(
                {
                    "actions": actions,
                    "created": self.created,
                    "events": self.events,
                    "files": files,
                    "format": FORMAT,
                    "missing": self.missing,
                    "note": dict(NOTE),
                    "origin": self.origin,
                    "root": self.root,
                    "selection": asdict(self.selection),
                    "size": self.size,
                    "texts": list(self.text_names),
                }
            )
            + b"\n"
        )

    @classmethod
    def decode(cls, data: bytes) -> Manifest:
        """Read `encode`'s bytes and nothing else."""
        if not data.endswith(b"\n"):
            raise refusal("not-canonical", detail="no line end")
        value = decode(data[:-1])
        if not isinstance(value, dict):
            raise refusal("malformed", detail="not an object")
        if value.get("format") != FORMAT:
            raise refusal("format-unknown", detail=value.get("format"))
        try:
            manifest = cls._from_fields(value)
        except (KeyError, TypeError, ValueError) as error:
            raise refusal("malformed", detail=f"{type(error).__name__} {error}"[:120]) from error
        if manifest.encode() != data:
            raise refusal("malformed", detail="a field that is unknown or of another type")
        return manifest

    @classmethod
    def _from_fields(cls, value: Mapping[str, Json]) -> Manifest:
        selection = _object(value["selection"])
        times = [selection["start"], selection["end"], value["created"]]
        for time in times:
            if time is not None:
                moment(str(time))
        return cls(
            origin=str(value["origin"]),
            size=_count(value["size"]),
            root=_hash(value["root"]),
            created=str(value["created"]),
            selection=StatedSelection(*(_optional(selection[name]) for name in ("start", "end", "person"))),
            events=_count(value["events"]),
            missing=_count(value["missing"]),
            text_names=tuple(map(str, _list(value["texts"]))),
            actions={name: _action(name, _object(item)) for name, item in _object(value["actions"]).items()},
            files={path: _file(_object(item)) for path, item in _object(value["files"]).items()},
        )


def contents(size: int) -> set[str]:
    """The files that an export of a log of `size` events consists of, without manifest and signature."""
    return {KEY, JSONL, CSV, CHECKPOINT, *(f"{LOG}/{tile.path}" for tile in expected(size))}


def statement(origin: str, digest: str) -> str:
    """The text that is signed for a manifest with this sha256 (hex)."""
    return f"{FORMAT}\n{origin}\nsha256:{digest}\n"


def _action(name: str, value: Mapping[str, Json]) -> Action:
    ocsf_class, activity = _count(value["class"]), _count(value["activity"])
    return Action(name, str(value["en"]), str(value["ja"]), ocsf_class, activity)


def _file(value: Mapping[str, Json]) -> FileEntry:
    return FileEntry(_hash(value["sha256"]), _count(value["size"]))


def _count(value: Json) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("a count is a whole number")
    return value


def _hash(value: Json) -> str:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise TypeError("a hash has 64 hex digits")
    return value


def _optional(value: Json) -> str | None:
    return None if value is None else str(value)


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value
