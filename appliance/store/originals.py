"""The files beside the registry: each version's original and its page pictures, kept by document and version.

Written to a temporary name, flushed, then renamed, so that a version's folder is whole or absent.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from appliance.errors import DiskFull, StoreUnavailable
from appliance.models import new_id

ORIGINAL = "original"
NOTES = "notes.json"


class Originals:
    """Folder `<root>/<document key>/<version>/` with `original`, `<page>.webp`, `<page>.thumb.webp` and
    `notes.json`, where there are any."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._waiting = root / ".waiting"
        shutil.rmtree(self._waiting, ignore_errors=True)  # of a process that was killed
        self._waiting.mkdir(mode=0o700)

    def keep(self, document: str, version: str, files: Mapping[str, BinaryIO], *, called: str) -> None:
        """Store the files of a version. Raises DiskFull or StoreUnavailable, and then nothing of them is left.

        A version that is there already stays: its id says that the content is the same.
        """
        place = self._folder(document, version)
        if place.is_dir():
            return
        waiting = self._waiting / new_id()
        try:
            waiting.mkdir(mode=0o700)
            for name, source in files.items():
                with (waiting / name).open("wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
                    target.flush()
                    os.fsync(target.fileno())
            _flush(waiting)
            place.parent.mkdir(mode=0o700, exist_ok=True)
            waiting.rename(place)
            _flush(place.parent)
            _flush(self.root)
        except OSError as error:
            shutil.rmtree(waiting, ignore_errors=True)
            self._drop_empty(place.parent)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull(path=self.root, document=called) from error
            raise StoreUnavailable(where=self.root, why=error.strerror or error) from error

    def picture(self, document: str, version: str, ordinal: int, *, small: bool) -> Path | None:
        """The picture of a page, if it has one."""
        place = self._folder(document, version) / (f"{ordinal}.thumb.webp" if small else f"{ordinal}.webp")
        return place if place.is_file() else None

    def notes(self, document: str, version: str) -> bytes:
        """What was noted when the version was made, as it was kept; empty where nothing was."""
        try:
            return (self._folder(document, version) / NOTES).read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise StoreUnavailable(where=self.root, why=error.strerror or error) from error

    def forget(self, document: str, version: str | None = None) -> None:
        """Remove a document's files, or those of one version. Raises StoreUnavailable where any are left."""
        folder = self.root / _safe(document)
        try:
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(folder if version is None else folder / _safe(version))
        except OSError as error:
            raise StoreUnavailable(where=folder, why=error.strerror or error) from error
        self._drop_empty(folder)

    @staticmethod
    def _drop_empty(folder: Path) -> None:
        with contextlib.suppress(OSError):  # not empty, or not there
            folder.rmdir()

    def _folder(self, document: str, version: str) -> Path:
        return self.root / _safe(document) / _safe(version)


def _safe(name: str) -> str:
    """Keys and versions are hex; anything else never becomes a path."""
    if not name or not all(character in "0123456789abcdef" for character in name):
        raise ValueError(f"not a key: {name!r}")
    return name


def _flush(folder: Path) -> None:
    """Make a folder's names durable: after a power cut a renamed file is there only if its folder was flushed."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
