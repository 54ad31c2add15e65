"""Vectors kept between runs of a bench, by model and text, in a file that the user names. Never committed."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from appliance.embedding.pool import cores, embed_in_order
from appliance.models import EmbedderIdentity, Matrix, Vector
from appliance.protocols import Embedder


class QueriesAsPassages:
    """Runs questions through `embed_in_order`; each is embedded alone by `embed_query`, as the product does."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    @property
    def identity(self) -> EmbedderIdentity:
        return self._embedder.identity

    def embed_query(self, text: str) -> Vector:
        return self._embedder.embed_query(text)

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        return np.stack([self._embedder.embed_query(text) for text in texts])


class VectorCache:
    """Vectors of texts, computed with all cores where the file has none yet."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self._embedder = embedder
        self._rows = sqlite3.connect(folder / "vectors.sqlite")
        self._rows.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)")

    def passages(self, texts: Sequence[str]) -> Matrix:
        return self._all("passage", texts, self._embedder)

    def queries(self, texts: Sequence[str]) -> Matrix:
        return self._all("query", texts, QueriesAsPassages(self._embedder))

    def close(self) -> None:
        self._rows.close()

    def _all(self, kind: str, texts: Sequence[str], embedder: Embedder) -> Matrix:
        missing = sorted({text for text in texts if self._read(kind, text) is None})
        for done, (text, vector) in enumerate(
            zip(missing, embed_in_order(embedder, missing, workers=cores()), strict=True), 1
        ):
            self._rows.execute("INSERT INTO vectors VALUES (?, ?)", (self._key(kind, text), vector.tobytes()))
            if done % 100 == 0 or done == len(missing):
                self._rows.commit()
                print(f"embedded {done} of {len(missing)} ({kind})", flush=True)
        return np.stack([np.frombuffer(self._read(kind, text), dtype=np.float32) for text in texts])

    def _read(self, kind: str, text: str) -> bytes | None:
        row = self._rows.execute("SELECT vector FROM vectors WHERE key = ?", (self._key(kind, text),)).fetchone()
        return row[0] if row else None

    def _key(self, kind: str, text: str) -> bytes:
        return hashlib.sha256(f"{self._embedder.identity.sha256}\n{kind}\n{text}".encode()).digest()
