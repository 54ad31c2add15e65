"""Bringing the engine's files to the disk from outside the engine, whose own flush keeps the GIL for up to 0.4 s.

fsync takes the page cache of a file as a whole, so it also writes what the engine changed through its memory map.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def opened(folder: Path) -> list[int]:
    """Descriptors of a folder and of the files in it, of a moment at which nothing is renamed: for `synced`."""
    return [os.open(path, os.O_RDONLY) for path in (folder, *folder.iterdir())]


def synced(descriptors: Iterable[int]) -> None:
    """fsync each and close all. The GIL is free meanwhile. OSError: what was written may be lost, for good."""
    failure: OSError | None = None
    for descriptor in descriptors:
        try:
            os.fsync(descriptor)
        except OSError as error:
            failure = error
        os.close(descriptor)
    if failure is not None:
        raise failure


def tree_synced(top: Path) -> None:
    """fsync every file and folder under `top`, and the folders above it that may be new."""
    for folder, _, _ in os.walk(top):
        synced(opened(Path(folder)))
    for above in (top.parent, top.parent.parent):
        synced([os.open(above, os.O_RDONLY)])
