"""The folder of an in-process index: who owns it, what made it, and the engine's shard inside.

    lock              held by the owning process; its end, however it comes, releases it
    collection.json   the embedder and tokenizer that made the points
    shard/            the engine's own files

A shard is prepared under another name and renamed, so a crash while it is made leaves no half of one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import TextIO

import qdrant_edge as qdrant

from appliance.errors import IndexLocked, IndexUnavailable
from appliance.index import durable, edge_request
from appliance.index.collection import Collection

INDEXED = {
    "acl_id": qdrant.PayloadSchemaType.Integer,
    "document": qdrant.PayloadSchemaType.Keyword,
    "version": qdrant.PayloadSchemaType.Keyword,
}


def owned(folder: Path) -> TextIO:
    """The folder's lock, held until it is closed. Raises IndexLocked."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / "lock").open("a", encoding="utf-8")
    except OSError as error:
        raise IndexUnavailable(where=folder, why=error.strerror) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise IndexLocked(where=folder) from error
    return lock


def opened(folder: Path, collection: Collection) -> qdrant.EdgeShard:
    """The shard of a folder that is owned, made if there is none. Raises EmbedderMismatch and IndexUnavailable."""
    shard, preparing = folder / "shard", folder / "shard.new"
    if shard.exists():
        _stored(folder).require(collection)
        return qdrant.EdgeShard.load(str(shard))
    shutil.rmtree(preparing, ignore_errors=True)
    _write(folder / "collection.json", collection.as_json())
    new = qdrant.EdgeShard.create(str(preparing), edge_request.config(collection.embedder.dimensions))
    for field, schema in INDEXED.items():
        new.update(qdrant.UpdateOperation.create_field_index(field, schema))
    new.flush()
    new.close()
    durable.tree_synced(preparing)
    preparing.rename(shard)
    durable.synced([os.open(folder, os.O_RDONLY)])
    return qdrant.EdgeShard.load(str(shard))


def _stored(folder: Path) -> Collection:
    path = folder / "collection.json"
    try:
        return Collection.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexUnavailable(where=path, why=type(error).__name__) from error


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
