"""Documents as people see them, and as `ingest` stores them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from appliance.api.schemas import Coordinate, Schema
from appliance.models import ClassificationWord, Language, PartKind

MOST_PARTS = 1_000_000  # of one document


class DocumentRow(Schema):
    """A document in a list, as its reader may see it."""

    key: str
    title: str
    collection: str
    path: str
    language: Language
    classification: ClassificationWord
    media_type: str
    version: str
    updated: datetime
    parts: int


class DocumentList(Schema):
    """The documents that the caller may see."""

    documents: list[DocumentRow]


class PartView(Schema):
    """One page, section or sheet of a version."""

    document: str
    version: str
    title: str
    classification: ClassificationWord
    ordinal: int
    kind: PartKind
    label: str
    text: str
    picture: bool


class AccessRule(Schema):
    """Who may see a document; groups and denied are ids."""

    groups: list[str]
    classification: ClassificationWord
    compartments: list[str] = Field(default_factory=list)
    denied: list[str] = Field(default_factory=list)
    # A time without a zone could not be compared with now, and would stop every decision about anything.
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None


class Notice(Schema):
    """What the operator should know of a usable document, in both languages."""

    code: Annotated[str, Field(max_length=100)]
    ja: Annotated[str, Field(max_length=2000)]
    en: Annotated[str, Field(max_length=2000)]


Notices = TypeAdapter(list[Notice])


class StoredDocument(Schema):
    """A document as `ingest` sees its collection: no text, only what tells whether anything changed."""

    path: str
    key: str
    sha256: str  # of the original, hex
    title: str
    language: Language
    access: AccessRule
    fingerprint: str  # of the converter and splitter that made the stored chunks
    notes: list[Notice] = Field(default_factory=list)  # of the stored version, as long as it is the current one


class LineIn(Schema):
    """models.Line over the wire."""

    start: int
    end: int
    top: Coordinate
    bottom: Coordinate
    edges: list[Coordinate]


class PartIn(Schema):
    """models.Part over the wire."""

    ordinal: Annotated[int, Field(ge=1, le=MOST_PARTS)]
    kind: PartKind
    label: str
    text: str
    lines: list[LineIn] = Field(default_factory=list)


class ChunkIn(Schema):
    """A chunk over the wire; its text is the span of its part."""

    part: int
    start: int
    end: int
    heading: str


class DocumentIn(Schema):
    """Part `document` of the multipart body of PUT /api/collections/{collection}/documents/{path}.

    The others: `original` (the file), `vectors` (float32, little endian, chunks x dimensions), and one `pictures` file
    a page, called `<ordinal>.webp`, and its small form `<ordinal>.thumb.webp`.
    """

    title: str
    language: Language
    media_type: Annotated[str, Field(max_length=100)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    fingerprint: Annotated[str, Field(max_length=100)]
    embedder: Annotated[str, Field(max_length=100)]  # sha256 of the embedder's identity
    access: AccessRule
    parts: list[PartIn]
    notes: Annotated[list[Notice], Field(max_length=100_000)] = Field(default_factory=list)
    chunks: list[ChunkIn]


class Stored(Schema):
    """What a PUT did."""

    key: str
    version: str
    state: Literal["stored", "replaced", "unchanged", "access-changed"]
