"""What a collection was made with, kept with it: vectors of two embedders, or terms of two tokenizers, never mix."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

import numpy as np

from appliance.errors import EmbedderMismatch, InvalidVector
from appliance.models import EmbedderIdentity, IndexedChunk, Vector

Entry = tuple[str, str, str, int | None]  # of the inventory: (chunk id, document, version, access list id)


@dataclass(frozen=True, slots=True)
class Collection:
    """The embedder and the tokenizer of a collection."""

    embedder: EmbedderIdentity
    tokenizer: str

    def __str__(self) -> str:
        made = self.embedder
        prefixes = f"{made.query_prefix!r}/{made.passage_prefix!r}"
        return f"{made.name} ({made.dimensions} dimensions, {prefixes}, sha256 {made.sha256[:12]}; {self.tokenizer})"

    def as_json(self) -> str:
        """The form that is stored."""
        return json.dumps({"embedder": asdict(self.embedder), "tokenizer": self.tokenizer}, ensure_ascii=False)

    @staticmethod
    def from_json(text: str) -> Collection:
        """The stored form read back; ValueError, KeyError or TypeError when it is none."""
        stored = json.loads(text)
        return Collection(EmbedderIdentity(**stored["embedder"]), str(stored["tokenizer"]))

    def require(self, given: Collection) -> None:
        """Raise EmbedderMismatch unless the settings name exactly what made this collection."""
        if self != given:
            raise EmbedderMismatch(stored=self, given=given)

    def require_fitting(self, chunks: Sequence[IndexedChunk]) -> None:
        """Raise InvalidVector for the first chunk whose vector would spoil a search; before anything is stored."""
        for chunk in chunks:
            UUID(chunk.id)
            self.require_vector(chunk.id, chunk.dense)

    def require_vector(self, name: str, vector: Vector) -> None:
        """Raise InvalidVector for a wrong shape and for NaN, infinity and zero: the engine takes those silently."""
        if vector.shape != (self.embedder.dimensions,):
            raise InvalidVector(chunk=name, why=f"shape {vector.shape}, not ({self.embedder.dimensions},)")
        if not np.isfinite(vector).all():
            raise InvalidVector(chunk=name, why="NaN / ∞")
        if not vector.any():
            raise InvalidVector(chunk=name, why="0 vector")
