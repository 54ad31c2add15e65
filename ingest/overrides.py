"""Overrides that match no file of the folder: what they should restrict stays open, so nothing may be stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ingest.discover import Survey
from ingest.discover_errors import FileClosed, FileGone, FileOverLimit, NamesCollide, NotAFile
from ingest.manifest import Manifest
from ingest.manifest_errors import OverrideUnmatched
from ingest.near import near

# Refusals of files that are there: an override that names one of them is not mistyped. A refused link or folder is no
# such thing: its documents may be taken in where they really stand, under another name.
_THERE = (FileClosed, FileGone, FileOverLimit, NamesCollide, NotAFile)


def unmatched_overrides(manifest: Manifest, found: Survey) -> list[OverrideUnmatched]:
    """What to say of each override that matches no file of the survey and is not optional."""
    there = [file.path for file in found.files]
    there += [refusal.path for refusal in found.refused if isinstance(refusal.error, _THERE)]
    return [
        OverrideUnmatched(where=manifest.where, pattern=pattern, near=", ".join(_near(pattern, there)) or "-")
        for pattern in manifest.unmatched(there, found.blind)
    ]


def _near(pattern: str, paths: Iterable[str]) -> list[str]:
    """Patterns like this one that would match: a file's path, or a folder's with `/**`."""
    known = {name for path in paths for name in (path, *_folders(path))}
    return near("/".join(_spelled_out(pattern)) or pattern.rpartition("/")[2], known)


def _folders(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield f"{path}/**"


def _spelled_out(pattern: str) -> Iterator[str]:
    """The names before the first wildcard."""
    for name in pattern.split("/"):
        if set(name) & set("*?"):
            return
        yield name
