"""The values that every room shares: frozen, valid once built, free of I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Literal, TypeAlias

# hashlib and uuid are imported where they are used: the child that each file is converted in waits for this module.
if TYPE_CHECKING:  # a command that only prints its help loads no numpy
    import numpy as np
    import numpy.typing as npt

Language = Literal["ja", "en"]
Vector: TypeAlias = "npt.NDArray[np.float32]"  # shape (dimensions,), L2-normalised
Matrix: TypeAlias = "npt.NDArray[np.float32]"  # shape (texts, dimensions), rows L2-normalised
ClassificationWord = Literal["public", "internal", "restricted", "confidential"]
Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]


class Classification(IntEnum):
    """How closely a document is held; a person sees what is at or below their clearance."""

    PUBLIC = 1
    INTERNAL = 2
    RESTRICTED = 3
    CONFIDENTIAL = 4

    @property
    def word(self) -> ClassificationWord:
        """The name written in manifests and returned by the API."""
        return _WORDS[self]

    @classmethod
    def named(cls, word: str) -> Classification:
        """The classification called `word`; KeyError when there is none."""
        return cls[word.upper()]


_WORDS: dict[Classification, ClassificationWord] = {
    Classification.PUBLIC: "public",
    Classification.INTERNAL: "internal",
    Classification.RESTRICTED: "restricted",
    Classification.CONFIDENTIAL: "confidential",
}


class Role(StrEnum):
    """What a person may do apart from asking; it never makes a document visible."""

    READER = "reader"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking, as authentication established it. Groups and compartments are ids."""

    id: str
    name: str
    groups: frozenset[str]
    clearance: Classification
    compartments: frozenset[str]
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Document:
    """A source file as it stands in its collection.

    `key` is random and safe in URLs and in the log; `collection` and `path` name people's things and are not.
    """

    key: str
    collection: str
    path: str
    title: str
    language: Language
    media_type: str
    acl_id: int
    version: str  # of `version_id`, the current one
    updated: datetime
    parts: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page: its span in the part's text and its box, all four in 0..1 from the top left.

    `edges` are the left edges of the characters and the right edge of the last: len = end - start + 1.
    """

    start: int
    end: int
    top: float
    bottom: float
    edges: tuple[float, ...]


PartKind = Literal["page", "section", "sheet"]


@dataclass(frozen=True, slots=True)
class Part:
    """What a citation opens: a page, a section or a sheet. `ordinal` counts from 1."""

    ordinal: int
    kind: PartKind
    label: str
    text: str
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a document version: characters [start, end) of the text of one part."""

    part: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stored span of one part; `heading` is what stands above it and is indexed with it."""

    id: str  # UUID, from document key, version and ordinal
    ordinal: int
    span: Span
    heading: str
    text: str

    @property
    def indexed(self) -> str:
        """The text as embedder and lexical index see it: what stands above the chunk, then the chunk."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text


@dataclass(frozen=True, slots=True)
class IndexedChunk:
    """What the index keeps of a chunk: ids, the access list, the dense vector and the distinct term ids."""

    id: str
    document: str
    version: str
    acl_id: int
    dense: Vector
    terms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HybridQuery:
    """A question as the index takes it. Every term of the question is here, also those no document has.

    Without a vector or without terms the search runs on the other leg alone, and the missing part of a score is 0.
    """

    dense: Vector | None
    terms: tuple[int, ...]
    limit: int


@dataclass(frozen=True, slots=True)
class Hit:
    """One result of the index: the fused score and its two parts (cosine; coverage M in 0..1)."""

    chunk: str
    document: str
    version: str
    acl_id: int
    score: float
    cosine: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk retrieved for a question, re-checked; `number` is what a marker names, from 1."""

    number: int
    chunk: Chunk
    document: Document
    classification: Classification
    part: Part
    picture: bool
    score: float
    cosine: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A box on a page, in 0..1 from the top left."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Citation:
    """A sentence of the answer tied to one passage: what was quoted or relied on, and where it stands."""

    sentence: int  # from 0
    passage: int  # Passage.number
    span: Span
    quote: str  # the text of the span


AnswerOutcome = Literal["answered", "no-evidence", "stopped", "failed"]
Support = Literal["ok", "none"]


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A finished sentence with the passages it cites; `ok` when what it says was found there word for word."""

    text: str
    passages: tuple[int, ...]
    support: Support


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said to a question, whole or as far as it came."""

    outcome: AnswerOutcome
    language: Language
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    unknown_markers: int
    model: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an answer on its way. Quoted text is data: nothing in it is read as a marker."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a chat model is given: the question and the numbered passages, as data."""

    question: str
    language: Language
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class EmbedderIdentity:
    """Which embedder made a collection's vectors; stored with them, compared at every start."""

    name: str
    dimensions: int
    query_prefix: str
    passage_prefix: str
    sha256: str


def new_id() -> str:
    """A random id: 32 hex digits, unguessable."""
    import uuid

    return uuid.uuid4().hex


def version_id(original_sha256: str, fingerprint: str) -> str:
    """The version of a document: its content and the way it was read, since both decide what a citation points at."""
    import hashlib

    return hashlib.sha256(f"{original_sha256}\n{fingerprint}".encode()).hexdigest()


def chunk_id(document: str, version: str, ordinal: int) -> str:
    """The UUID of a chunk: the same chunk of the same version has the same id wherever it is made."""
    import uuid

    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{document}/{version}/{ordinal}"))


ActorKind = Literal["person", "owner", "service", "nobody"]
Outcome = Literal["success", "denied", "failed", "aborted"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted: a signed-in person, the installation's owner (an OS user), the service, or nobody.

    `session` is the public reference of the session it was done in (store/sessions.py); `by` is the owner who acted as
    this person, through the private socket. Both are empty where there is none.
    """

    kind: ActorKind
    id: str
    session: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One act, before it is in the log. The log gives it its place and its time.

    `details` go into the leaf: ids, hashes, numbers, words from fixed lists. `texts` stand beside the log; the leaf
    holds a salted commitment to each, so a text can be erased without breaking the log.
    """

    action: str  # a name from appliance.actions
    outcome: Outcome
    actor: Actor
    case: str  # one id for all events of one question, search or change
    details: Mapping[str, Json] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that an event is durable: its place in the log, counted from 0."""

    event: str
    index: int
