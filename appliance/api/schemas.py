"""What goes over the wire: requests, responses and the events of an answer's stream.

The portal, the `appliance` CLI and `ingest` know only these. No request carries a user or a group of its caller.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from appliance.models import ClassificationWord, Language, PartKind


def storable(value: str) -> str:
    """A text without half of a surrogate pair: JSON can escape one, but neither store nor log can hold it."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("half of a surrogate pair is no character") from error
    return value


MOST_PARTS = 1_000_000  # of one document
MOST_EVENTS = 1 << 62  # the store's integers have 64 bits
_Coordinate = Annotated[float, Field(ge=-1, le=2, allow_inf_nan=False)]  # of a page; boxes may stand over its edge
Text = Annotated[str, AfterValidator(storable)]
RoleWord = Literal["reader", "auditor", "administrator"]


class Schema(BaseModel):
    """Unknown fields are refused in requests; responses are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(Schema):
    """Any refusal: a stable code, one sentence in the caller's language, and the values in it."""

    code: str
    message: str
    values: dict[str, str] = {}


# --- people ----------------------------------------------------------------------------------------------------------


class Me(Schema):
    """The signed-in person as the portal shows them."""

    id: str
    name: str
    groups: list[str]  # names
    clearance: ClassificationWord
    roles: list[RoleWord]
    documents: int  # how many they may see


class DemoSignIn(Schema):
    """Body of POST /api/session/demo, which exists with the demo identity only."""

    person: Text


class DemoPerson(Schema):
    """Somebody whom the demo's sign-in page offers."""

    id: str
    name: str
    groups: list[str]  # names
    roles: list[RoleWord]


class Group(Schema):
    """A group by id, with the names under which a manifest may call it."""

    id: str
    names: list[str]


# --- passages and answers --------------------------------------------------------------------------------------------


class Box(Schema):
    """A rectangle on a page's picture, in 0..1 from the top left."""

    left: float
    top: float
    width: float
    height: float


class Source(Schema):
    """A numbered passage: where it stands and what it says."""

    number: int
    document: str  # key
    version: str
    title: str
    collection: str
    path: str
    language: Language
    classification: ClassificationWord
    updated: datetime
    part: int
    part_kind: PartKind
    part_label: str
    heading: str
    start: int  # characters of the part's text
    end: int
    text: str
    picture: bool  # the part has a page picture
    boxes: list[Box]  # of the whole passage; empty without a picture
    score: float
    cosine: float
    coverage: float


class Sentence(Schema):
    """A finished sentence of an answer."""

    text: str
    citations: list[int]  # Source.number
    support: Literal["ok", "none"]


class AskRequest(Schema):
    """Body of POST /api/ask. Without a conversation a new one begins."""

    question: Text
    conversation: Text | None = None


class StatusEvent(Schema):
    """SSE `status`: what is happening now. The first one names the conversation and the case of the audit log."""

    stage: Literal["received", "searching", "writing"]
    conversation: str
    case: str


class SourcesEvent(Schema):
    """SSE `sources`: the passages the answer may cite. They are in the audit log before this is sent."""

    sources: list[Source]


class TokenEvent(Schema):
    """SSE `token`: text to append to one sentence, counted from 0. Markers are never in it."""

    sentence: int
    text: str


class CitationEvent(Schema):
    """SSE `citation`: a sentence rests on a source, at this place of its part."""

    sentence: int
    number: int
    start: int
    end: int
    quote: str
    boxes: list[Box]


class DoneEvent(Schema):
    """SSE `done`: the whole answer once more, as recorded."""

    outcome: Literal["answered", "no-evidence"]
    language: Language
    sentences: list[Sentence]
    unknown_markers: int  # removed, because they named no source
    model: str
    seconds: float


class SearchRequest(Schema):
    """Body of POST /api/search."""

    query: Text
    limit: Annotated[int, Field(ge=1, le=50)] = 10


class SearchResponse(Schema):
    """Passages without an answer, best first."""

    case: str
    results: list[Source]


# --- documents -------------------------------------------------------------------------------------------------------


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
    compartments: list[str] = []
    denied: list[str] = []
    # A time without a zone could not be compared with now, and would stop every decision about anything.
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None


class StoredDocument(Schema):
    """A document as `ingest` sees its collection: no text, only what tells whether anything changed."""

    path: str
    key: str
    sha256: str  # of the original, hex
    title: str
    language: Language
    access: AccessRule
    fingerprint: str  # of the converter and splitter that made the stored chunks


class LineIn(Schema):
    """models.Line over the wire."""

    start: int
    end: int
    top: _Coordinate
    bottom: _Coordinate
    edges: list[_Coordinate]


class PartIn(Schema):
    """models.Part over the wire."""

    ordinal: Annotated[int, Field(ge=1, le=MOST_PARTS)]
    kind: PartKind
    label: str
    text: str
    lines: list[LineIn] = []


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
    chunks: list[ChunkIn]


class Stored(Schema):
    """What a PUT did."""

    key: str
    version: str
    state: Literal["stored", "replaced", "unchanged", "access-changed"]


# --- conversations ---------------------------------------------------------------------------------------------------


class ConversationRow(Schema):
    """A past conversation in a list."""

    id: str
    title: str
    updated: datetime


class ConversationList(Schema):
    """The caller's conversations, newest first."""

    conversations: list[ConversationRow]


class Turn(Schema):
    """A question with its answer. When `withheld`, the reader may no longer see a source: the answer is left out."""

    case: str
    question: str
    asked: datetime
    outcome: Literal["answered", "no-evidence", "stopped", "failed"]
    withheld: bool
    sentences: list[Sentence]
    sources: list[Source]
    citations: list[CitationEvent]
    model: str
    seconds: float


class Conversation(Schema):
    """A past conversation, whole."""

    id: str
    title: str
    turns: list[Turn]


# --- audit -----------------------------------------------------------------------------------------------------------


class AuditRow(Schema):
    """One event of the log as an auditor sees it. `texts` stand beside the log and may be empty in lists."""

    index: int
    id: str
    time: datetime
    action: str
    label: str  # the action in the caller's language
    outcome: Literal["success", "denied", "failed", "aborted"]
    actor_kind: Literal["person", "owner", "service", "nobody"]
    actor: str  # id
    actor_name: str  # as the identity in use knows it, else the id
    case: str
    details: dict[str, object]
    texts: dict[str, str]


class AuditQuery(Schema):
    """Query of GET /api/audit/events. Times select `from` <= t < `to`; `before` goes on from an earlier answer."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    start: Annotated[AwareDatetime | None, Field(alias="from")] = None
    end: Annotated[AwareDatetime | None, Field(alias="to")] = None
    person: Text | None = None
    action: Text | None = None
    outcome: Literal["success", "denied", "failed", "aborted"] | None = None
    before: Annotated[int | None, Field(ge=0, le=MOST_EVENTS)] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class AuditList(Schema):
    """Events, newest first, and the state of the log."""

    events: list[AuditRow]
    size: int
    root: str  # hex
    checkpoint: str  # the signed note
    more: bool


class AuditProof(Schema):
    """An event's inclusion in the log's latest checkpoint, checked by the server; `path` are hashes in hex."""

    index: int
    size: int
    root: str
    path: list[str]
    verified: bool


class AuditCase(Schema):
    """All events of one question, search or change, oldest first, with the proof of the last."""

    case: str
    events: list[AuditRow]
    proof: AuditProof


class AuditExportRequest(Schema):
    """Body of POST /api/audit/export; the answer is a ZIP of the export folder. Times select `from` <= t < `to`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    start: Annotated[AwareDatetime | None, Field(alias="from")] = None
    end: Annotated[AwareDatetime | None, Field(alias="to")] = None
    person: Text | None = None


class AuditVerification(Schema):
    """The server's own check of its log: every leaf against the signed checkpoint."""

    verified: bool
    size: int
    root: str
    problems: list[str]


# --- operation -------------------------------------------------------------------------------------------------------


class Check(Schema):
    """One line of `appliance doctor`."""

    name: str
    state: Literal["ok", "warning", "failed"]
    finding: str
    remedy: str


class Doctor(Schema):
    """What is wrong with this installation, and what to do."""

    checks: list[Check]


class Health(Schema):
    """Liveness or readiness."""

    state: Literal["ok", "starting", "failed"]
    version: str
