"""Unpacking an export that the API sends as a ZIP: folders 0700, files 0600, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

from appliance.audit.manifest import JSONL, MANIFEST, Manifest
from appliance.errors import ExportFolderUsed, ExportNotWritten

_INNER = "audit-export"


@dataclass(frozen=True, slots=True)
class Made:
    """Whether a selection was exported, and the texts (index, name) that are missing in it."""

    selected: bool
    missing: tuple[tuple[int, str], ...]


def write(out: Path, download: Callable[[BinaryIO], None]) -> Made:
    """Have the ZIP downloaded into a file beside `out`, which is new or empty, and unpack it there."""
    if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise ExportFolderUsed(path=out)
    waiting = out.with_name(f".{out.name}.part")
    try:
        shutil.rmtree(waiting, ignore_errors=True)  # of a run that was killed
        out.parent.mkdir(parents=True, exist_ok=True)
        waiting.mkdir(mode=0o700)
        archive = waiting / "export.zip"
        with _new(archive) as file:
            download(file)
        with ZipFile(archive) as packed:
            _unpack(packed, waiting)
        made = _made(waiting / _INNER)
        if out.exists():
            out.rmdir()
        (waiting / _INNER).rename(out)
    except (OSError, BadZipFile) as error:
        raise ExportNotWritten(path=out, why=getattr(error, "strerror", None) or error) from error
    finally:
        shutil.rmtree(waiting, ignore_errors=True)
    return made


def _unpack(packed: ZipFile, into: Path) -> None:
    """As `extractall`, which drops modes: an export holds what people asked."""
    for item in packed.infolist():
        path = PurePosixPath(item.filename)
        if path.is_absolute() or ".." in path.parts:
            raise BadZipFile(item.filename)
        for parent in reversed(path.parents):
            (into / parent).mkdir(mode=0o700, exist_ok=True)
        with packed.open(item) as source, _new(into / path) as target:
            shutil.copyfileobj(source, target)


def _new(place: Path) -> BinaryIO:
    return os.fdopen(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")


def _made(folder: Path) -> Made:
    manifest = Manifest.decode((folder / MANIFEST).read_bytes())
    missing = tuple(_missing(folder / JSONL)) if manifest.missing else ()
    return Made(not manifest.selection.whole, missing)


def _missing(events: Path) -> Iterator[tuple[int, str]]:
    with events.open("rb") as lines:
        for line in lines:
            if b":null" in line:
                event = json.loads(line)
                yield from ((event["index"], name) for name, text in event["texts"].items() if text is None)
