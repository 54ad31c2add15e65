"""Securing a log that does not hold: its files byte for byte, the verifier key and what is wrong, in a folder.

It is no export and says so: nothing of it is signed, and `appliance-verify` refuses it. The log's own files are only
read, under the log's lock, so the service must be stopped; they are examined in a copy, because SQLite changes what it
opens.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from appliance.audit import keys
from appliance.audit.check import check
from appliance.audit.leaf import stamp
from appliance.audit.manifest import DAMAGED, KEY
from appliance.audit.note import VerifierKey
from appliance.audit.owning import lock
from appliance.audit.reading import AuditReader
from appliance.audit.refusal import sentence
from appliance.audit.texts import EVIDENCE
from appliance.errors import AuditKeyInvalid, AuditUnavailable, ExportFolderUsed, ExportNotWritten
from appliance.models import new_id

_SIBLINGS = ("", "-wal", "-shm")
_BLOCK = 1 << 20


def secure(path: Path, key_path: Path, folder: Path, now: datetime) -> tuple[str, ...]:
    """Write the evidence into `folder`, which is new or empty; the problems, in English.

    Raises AuditLocked while the service runs, ExportFolderUsed, ExportNotWritten or AuditUnavailable.
    """
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise ExportFolderUsed(path=folder)
    if not path.exists():
        raise AuditUnavailable(where=path, why="there is no such file")
    room = folder.parent / f".{folder.name}.{new_id()}"
    try:
        with _locked(path):
            room.mkdir(mode=0o700, parents=True)
            try:
                problems = _written(path, key_path, room, now)
                room.rename(folder)
            finally:
                shutil.rmtree(room, ignore_errors=True)
    except OSError as error:
        raise ExportNotWritten(path=folder, why=error.strerror or error) from error
    return problems


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = lock(path)
    try:
        yield
    finally:
        os.close(handle)


def _written(path: Path, key_path: Path, room: Path, now: datetime) -> tuple[str, ...]:
    files = {}
    for sibling in _SIBLINGS:
        source = Path(f"{path}{sibling}")
        if source.exists():
            files[source.name] = _copied(source, room / source.name)
    try:
        key = keys.load(key_path).verifier
    except AuditKeyInvalid as error:
        problems: tuple[str, ...] = (str(error),)
    else:
        _put(room / KEY, f"{key.encode()}\n".encode())
        problems = _examined(room, path.name, key)
    said = {
        "created": stamp(now),
        "files": files,
        "format": "appliance-evidence/1",
        "note": EVIDENCE,
        "problems": list(problems),
    }
    _put(room / DAMAGED, json.dumps(said, ensure_ascii=False, indent=2).encode() + b"\n")
    return problems


def _examined(room: Path, name: str, key: VerifierKey) -> tuple[str, ...]:
    scratch = room / "scratch"
    scratch.mkdir(mode=0o700)
    for sibling in ("", "-wal"):
        if (room / f"{name}{sibling}").exists():
            shutil.copyfile(room / f"{name}{sibling}", scratch / f"{name}{sibling}")
    reader = AuditReader(scratch / name, key)
    try:
        return tuple(sentence(found, "en") for found in check(reader))
    except AuditUnavailable as error:
        return (error.values["why"],)
    finally:
        reader.close()
        shutil.rmtree(scratch)


def _copied(source: Path, to: Path) -> dict[str, str | int]:
    digest, size = sha256(), 0
    with source.open("rb") as old, open(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as new:
        while block := old.read(_BLOCK):
            new.write(block)
            digest.update(block)
            size += len(block)
    return {"sha256": digest.hexdigest(), "size": size}


def _put(place: Path, data: bytes) -> None:
    with open(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(data)
