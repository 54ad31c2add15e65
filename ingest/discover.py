"""What is in a collection's folder: documents to take in, in a stable order, and what is not taken in, with reasons.

    (1) the root must be a readable folder that holds something, else the run stops and nothing is removed
    (2) each folder is listed through its own descriptor, so that a folder swapped for a link cannot lead elsewhere
    (3) each name is skipped (hidden, lock file, manifest), refused (a row of the report) or found
    (4) found names that are one name in NFC are refused together

A document's path is relative to the root, in NFC, with `/`. Folders reached by a link are never entered.
"""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import ApplianceError
from appliance.visible import spelled
from appliance.words import Words
from ingest.discover_errors import (
    FileClosed,
    FileGone,
    FileOverLimit,
    FolderClosed,
    FolderTooDeep,
    LinkBroken,
    LinkLoop,
    LinkOutside,
    LinkToFolder,
    NameActing,
    NamesCollide,
    NameUndecodable,
    NestedCollection,
    NotAFile,
    PathOutside,
    RootEmpty,
    RootUnreadable,
)
from ingest.manifest import MANIFEST

_MIB = 1 << 20
_DEEPEST = 64  # folders; each level holds one descriptor open
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {
    stat.S_IFIFO: Words(ja="パイプ", en="FIFO"),
    stat.S_IFSOCK: Words(ja="ソケット", en="socket"),
    stat.S_IFCHR: Words(ja="キャラクターデバイス", en="character device"),
    stat.S_IFBLK: Words(ja="ブロックデバイス", en="block device"),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file to be read. `place` is where it lies below the root, in the bytes of the disk; `size` is in bytes."""

    path: str
    place: str
    size: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row of the report: what was not taken in, and why."""

    path: str
    error: ApplianceError


@dataclass(frozen=True, slots=True)
class Survey:
    """A folder as it was found. `root` has no link in it; `skipped` are the names that are never documents."""

    root: Path
    files: tuple[Candidate, ...]
    refused: tuple[Refusal, ...]
    skipped: tuple[str, ...]
    scope: tuple[str, ...]  # what was looked at; "" is everything
    present: frozenset[str]  # found and refused
    blind: tuple[str, ...]  # folders whose content is unknown
    largest: int  # bytes of a file that may be read

    def gone(self, path: str) -> bool:
        """Whether a stored document is certainly no longer there: looked for, and neither found, refused nor hidden
        behind a folder that could not be listed. Only such documents may be removed."""
        looked_for = self._looked_for(path)
        unsure = path in self.present or any(_within(path, folder) for folder in self.blind)
        return looked_for and not unsure

    def stays(self, path: str) -> bool:
        """Whether a stored document belongs to what was looked at, and is not to be removed."""
        return self._looked_for(path) and not self.gone(path)

    def _looked_for(self, path: str) -> bool:
        return any(_within(path, folder) for folder in self.scope)


def survey(root: Path, *, only: Sequence[Path] = (), largest: int) -> Survey:
    """Look through `root`, or through the files and folders `only` in it. Reads no file; `largest` is in bytes.

    Raises RootUnreadable, and RootEmpty when the whole root was to be looked through and holds no file.
    """
    try:
        real = Path(os.path.realpath(root, strict=True))
        descriptor = os.open(real, _FOLDER)
    except OSError as error:
        raise RootUnreadable(path=root, why=error.strerror) from error
    try:
        walk = _Walk(real, descriptor, largest)
        for path in only or (real,):
            walk.given(path)
    except OSError as error:
        raise RootUnreadable(path=root, why=error.strerror) from error
    finally:
        os.close(descriptor)
    if not only and not walk.files and not walk.refused:
        raise RootEmpty(path=root)
    return walk.result()


class _Walk:
    def __init__(self, root: Path, descriptor: int, largest: int) -> None:
        self.root, self.descriptor, self.largest = root, descriptor, largest
        self.files: list[Candidate] = []
        self.refused: list[Refusal] = []
        self.skipped: list[str] = []
        self.scope: list[str] = []
        self.blind: list[str] = []

    def given(self, path: Path) -> None:
        """Look at the root, or at one path that should lie below it. Only listing the root may raise OSError."""
        absolute = os.path.abspath(path)
        folder, name = os.path.split(absolute)
        place = _below(self.root, os.path.realpath(folder))
        if os.path.realpath(absolute) == str(self.root):
            self.scope.append("")
            for entry in os.listdir(self.descriptor):
                self._entry(self.descriptor, "", entry)
        elif place is None:
            self._refuse(str(path), PathOutside(path=path, root=self.root))
        elif self._nested(place):
            self._refuse(_join(place, name), NestedCollection(path=place, manifest=self.root / MANIFEST))
        elif any(_is_skipped(part) for part in place.split("/")):
            self.skipped.append(_join(place, name))
        else:
            self.scope.append(_nfc(_join(place, name)))
            self._from_folder(place, name)

    def result(self) -> Survey:
        by_path: dict[str, dict[str, Candidate]] = {}
        for file in self.files:
            by_path.setdefault(file.path, {})[file.place] = file
        for path, same in by_path.items():
            if len(same) > 1:
                names = ", ".join(ascii(place) for place in sorted(same))
                self._refuse(path, NamesCollide(path=path, names=names))
        return Survey(
            root=self.root,
            files=tuple(next(iter(same.values())) for _, same in sorted(by_path.items()) if len(same) == 1),
            refused=tuple(sorted(self.refused, key=lambda row: row.path)),
            skipped=tuple(sorted(self.skipped)),
            scope=tuple(self.scope),
            present=frozenset({*by_path, *(row.path for row in self.refused)}),
            blind=tuple(self.blind),
            largest=self.largest,
        )

    def _from_folder(self, place: str, name: str) -> None:
        try:
            folder = open_below(self.descriptor, place, _FOLDER) if place else os.dup(self.descriptor)
        except OSError as error:
            self._refuse(_join(place, name), _closed(_join(place, name), error))
            return
        try:
            self._entry(folder, place, name)
        finally:
            os.close(folder)

    def _entry(self, folder: int, above: str, name: str) -> None:
        place = _join(above, name)
        if _is_skipped(name) or place == MANIFEST:
            self.skipped.append(place)
            return
        if not _is_utf8(name):
            self._refuse(place, NameUndecodable(path=place))
            return
        if spelled(name) != name:
            self._refuse(
                place, NameActing(path=spelled(place)), blind=True
            )  # nothing of a folder of this name is known
            return
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            self._refuse(place, _closed(place, error), blind=True)
            return
        if stat.S_ISLNK(status.st_mode):
            self._link(folder, place, name)
        elif stat.S_ISDIR(status.st_mode):
            self._folder(folder, place, name)
        else:
            self._file(place, place, status)

    def _file(self, path: str, place: str, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            kind = _KINDS.get(stat.S_IFMT(status.st_mode), oct(status.st_mode))
            self._refuse(path, NotAFile(path=path, kind=kind))
        elif status.st_size > self.largest:
            self._refuse(path, over_limit(path, status.st_size, self.largest))
        else:
            self.files.append(Candidate(_nfc(path), place, status.st_size))

    def _folder(self, above: int, place: str, name: str) -> None:
        if place.count("/") + 1 > _DEEPEST:
            self._refuse(place, FolderTooDeep(path=place, limit=_DEEPEST), blind=True)
            return
        try:
            folder = os.open(name, _FOLDER, dir_fd=above)
        except OSError as error:
            self._refuse(place, FolderClosed(path=place, why=error.strerror), blind=True)
            return
        try:
            names = os.listdir(folder)
            if MANIFEST in names:
                self._refuse(place, NestedCollection(path=place, manifest=self.root / MANIFEST))
                return
            for inner in names:
                self._entry(folder, place, inner)
        except OSError as error:
            self._refuse(place, FolderClosed(path=place, why=error.strerror), blind=True)
        finally:
            os.close(folder)

    def _link(self, folder: int, place: str, name: str) -> None:
        """A link to a file inside the root is a file at the link's own path; every other link is refused."""
        try:
            target = os.path.realpath(self.root / place, strict=True)
            status = os.stat(target)
        except OSError as error:
            self._refuse(place, _broken(folder, place, name, error))
            return
        inside = _below(self.root, target)
        if inside is None:
            self._refuse(place, LinkOutside(path=place, target=target))
        elif stat.S_ISDIR(status.st_mode):
            leads_back = inside == "" or _within(place, inside)
            self._refuse(place, LinkLoop(path=place) if leads_back else LinkToFolder(path=place, target=inside))
        elif self._nested(os.path.dirname(inside)):
            self._refuse(place, NestedCollection(path=os.path.dirname(inside), manifest=self.root / MANIFEST))
        else:
            self._file(place, inside, status)

    def _nested(self, place: str) -> bool:
        parts = place.split("/") if place else []
        return any((self.root / "/".join(parts[: n + 1]) / MANIFEST).exists() for n in range(len(parts)))

    def _refuse(self, path: str, error: ApplianceError, *, blind: bool = False) -> None:
        self.refused.append(Refusal(_nfc(path), error))
        if blind:
            self.blind.append(_nfc(path))


def open_below(root: int, place: str, flags: int) -> int:
    """Open `place` below an open folder, one name at a time, following no link. The caller closes it."""
    *folders, last = place.split("/")
    here = os.dup(root)
    try:
        for name in folders:
            below = os.open(name, _FOLDER, dir_fd=here)
            os.close(here)
            here = below
        return os.open(last, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
    finally:
        os.close(here)


def over_limit(path: str, size: int, limit: int) -> FileOverLimit:
    """The refusal of a file over the limit, both given in bytes."""
    return FileOverLimit(path=path, size=f"{size / _MIB:,.1f}", limit=f"{limit / _MIB:,.0f}")


def _closed(path: str, error: OSError) -> ApplianceError:
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return FileGone(path=path)
    return FileClosed(path=path, why=error.strerror)


def _broken(folder: int, place: str, name: str, error: OSError) -> ApplianceError:
    if error.errno == errno.ELOOP:
        return LinkLoop(path=place)
    try:
        target = os.readlink(name, dir_fd=folder)
    except OSError as gone:
        return _closed(place, gone)
    return LinkBroken(path=place, target=target) if error.errno == errno.ENOENT else _closed(place, error)


def _is_skipped(name: str) -> bool:
    """Hidden files, Office's and LibreOffice's locks, and what Windows leaves in folders."""
    return name.startswith((".", "~$")) or name.lower() in {"thumbs.db", "desktop.ini"}


def _is_utf8(name: str) -> bool:
    """Python keeps bytes that are not UTF-8 as lone surrogates."""
    return not any("\udc80" <= character <= "\udcff" for character in name)


def _below(root: Path, place: str) -> str | None:
    """The path below the root, "" for the root itself, None outside of it."""
    if place == str(root):
        return ""
    prefix = str(root).rstrip("/") + "/"
    return place.removeprefix(prefix) if place.startswith(prefix) else None


def _within(path: str, folder: str) -> bool:
    return folder in {"", path} or path.startswith(folder + "/")


def _join(above: str, name: str) -> str:
    return f"{above}/{name}" if above else name


def _nfc(path: str) -> str:
    return unicodedata.normalize("NFC", path)
