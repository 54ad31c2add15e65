"""The API as `ingest` uses it: what a collection holds, and one call for each change."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import numpy as np

from appliance.api.schemas.documents import (
    AccessRule,
    ChunkIn,
    DocumentIn,
    LineIn,
    Notice,
    PartIn,
    Stored,
    StoredDocument,
)
from appliance.api.schemas.people import Group
from appliance.connect import Connection
from appliance.errors import ApiProblem, DocumentNotFound, EmbedderMismatch
from appliance.models import EmbedderIdentity, Language, Matrix, Part
from ingest.converted import Converted
from ingest.discover_errors import CollectionUnknown, PathUnknown
from ingest.near import near
from ingest.original import Original
from ingest.split import FINGERPRINT, Draft


@dataclass(frozen=True, slots=True)
class Target:
    """One collection behind the API."""

    api: Connection
    collection: str

    def groups(self) -> list[Group]:
        """The groups that a manifest may name."""
        return [Group.model_validate(item) for item in self.api.get("/groups").json()]

    def refuse_other(self, embedder: EmbedderIdentity) -> None:
        """Raise EmbedderMismatch unless the installation uses this embedder. What is stored says itself which embedder
        made it, and the API holds that against its own: this only saves converting and embedding for nothing."""
        used = self.api.get("/embedder").json()
        if used["sha256"] != embedder.sha256:
            raise EmbedderMismatch(stored=used["name"], given=embedder.name)

    def documents(self) -> dict[str, StoredDocument]:
        """What the collection holds, by path."""
        found = self.api.get(f"/collections/{self._name}/documents").json()
        return {item["path"]: StoredDocument.model_validate(item) for item in found}

    def store(
        self, original: Original, converted: Converted, drafts: tuple[Draft, ...], vectors: Matrix, given: Given
    ) -> Stored:
        """Make a converted document the current version at its path."""
        meta = DocumentIn(
            title=converted.title,
            language=given.language,
            media_type=converted.media_type,
            sha256=original.sha256,
            fingerprint=FINGERPRINT,
            embedder=given.embedder,
            access=given.access,
            parts=[_part(part) for part in converted.parts],
            notes=[Notice(code=note.code, ja=note.text("ja"), en=note.text("en")) for note in converted.notes],
            chunks=[
                ChunkIn(part=draft.span.part, start=draft.span.start, end=draft.span.end, heading=draft.heading)
                for draft in drafts
            ],
        )
        binary = "application/octet-stream"
        files = [
            ("document", ("document.json", meta.model_dump_json().encode(), "application/json")),
            ("original", ("original", original.content, binary)),
            ("vectors", ("vectors", np.asarray(vectors, dtype="<f4").tobytes(), binary)),
        ]
        for picture in converted.pictures:
            files.append(("pictures", (f"{picture.ordinal}.webp", picture.page, "image/webp")))
            files.append(("pictures", (f"{picture.ordinal}.thumb.webp", picture.thumbnail, "image/webp")))
        return Stored.model_validate(self.api.upload(self._at("documents", original.path), files).json())

    def change_access(self, path: str, access: AccessRule) -> Stored:
        """Give a document another access list."""
        body = access.model_dump(mode="json")
        return Stored.model_validate(self.api.put(self._at("access", path), body).json())

    def remove(self, path: str) -> None:
        """Remove a document. Raises PathUnknown where the collection does not hold it."""
        try:
            self.api.delete(self._at("documents", path))
        except ApiProblem as error:
            if error.kind is not DocumentNotFound:
                raise
            hint = ", ".join(near(path, self.documents())) or "-"
            raise PathUnknown(collection=self.collection, path=path, near=hint) from error

    def require(self) -> None:
        """Raise CollectionUnknown unless the collection holds something."""
        known = self.api.get("/collections").json()
        if self.collection not in known:
            raise CollectionUnknown(collection=self.collection, known=", ".join(known) or "-")

    @property
    def _name(self) -> str:
        return quote(self.collection, safe="", errors="surrogateescape")

    def _at(self, kind: str, path: str) -> str:
        return f"/collections/{self._name}/{kind}/{quote(path, errors='surrogateescape')}"


@dataclass(frozen=True, slots=True)
class Given:
    """What is said of a document from outside: who may see it, its language, the embedder of its vectors."""

    access: AccessRule
    language: Language
    embedder: str


def _part(part: Part) -> PartIn:
    lines = [
        LineIn(start=line.start, end=line.end, top=line.top, bottom=line.bottom, edges=list(line.edges))
        for line in part.lines
    ]
    return PartIn(ordinal=part.ordinal, kind=part.kind, label=part.label, text=part.text, lines=lines)
