"""Reading one found file: once, so that its hash and its content are of the same bytes."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime

from appliance.errors import ApplianceError
from ingest.discover import Candidate, Survey, open_below, over_limit
from ingest.discover_errors import FileChanged, FileClosed, FileGone, NotAFile

_PIECE = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Original:
    """The bytes of a file, their sha256 in hex, and when it was last written (UTC)."""

    path: str
    content: bytes
    sha256: str
    modified: datetime


def read_original(found: Survey, file: Candidate) -> Original:
    """Read a candidate of a survey, whole.

    Raises FileGone, FileClosed, FileChanged (also when a link has taken its place), NotAFile or FileOverLimit.
    """
    try:
        root = os.open(found.root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            # Without waiting: a pipe that took the file's place would hold the run for ever.
            descriptor = open_below(root, file.place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        finally:
            os.close(root)
        try:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise NotAFile(path=file.path, kind=oct(stat.S_IFMT(before.st_mode)))
            content, digest = _pieces(descriptor, file.path, found.largest)
            after = os.fstat(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _refusal(file.path, error) from error
    if _state(before) != _state(after) or len(content) != after.st_size:
        raise FileChanged(path=file.path)
    return Original(file.path, content, digest, datetime.fromtimestamp(after.st_mtime, UTC))


def _pieces(descriptor: int, path: str, largest: int) -> tuple[bytes, str]:
    """Content and sha256; a file that grows past the limit while it is read is given up there."""
    pieces, size, digest = [], 0, hashlib.sha256()
    while piece := os.read(descriptor, _PIECE):
        size += len(piece)
        if size > largest:
            raise over_limit(path, size, largest)
        digest.update(piece)
        pieces.append(piece)
    return b"".join(pieces), digest.hexdigest()


def _state(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _refusal(path: str, error: OSError) -> ApplianceError:
    if error.errno == errno.ENOENT:
        return FileGone(path=path)
    if error.errno in {errno.ELOOP, errno.ENOTDIR, errno.ENXIO}:  # a link, a file or a pipe stands there now
        return FileChanged(path=path)
    return FileClosed(path=path, why=error.strerror)
