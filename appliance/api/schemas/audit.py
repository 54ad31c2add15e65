"""The log as an auditor reads, exports and verifies it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from appliance.api.schemas import Schema, Text
from appliance.models import PartKind

MOST_EVENTS = 1 << 62  # the store's integers have 64 bits


class AuditPassage(Schema):
    """A passage that a search found, as the log has it, with what the registry still knows of its document."""

    number: int
    document: str
    version: str
    part: int
    list: int
    shown: bool
    text: str  # sha256(salt || the passage as it was sent), hex
    salt: str | None  # hex; empty where it was erased
    score: float | None
    cosine: float | None
    coverage: float | None
    collection: str | None  # these five: empty where the document, or this version of it, is gone
    path: str | None
    title: str | None
    part_kind: PartKind | None
    part_label: str | None


class AuditDocument(Schema):
    """The document that an event is about; without names where it is gone."""

    key: str
    collection: str | None
    path: str | None
    title: str | None


class AuditRow(Schema):
    """One event of the log as an auditor sees it. `texts` stand beside the log and may be empty in lists.

    `session` leads to the session.opened of the act; `by` is the owner who acted as this person. In a case, `passages`
    and `document` say what the ids in `details` stand for.
    """

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
    texts: dict[str, str | None]  # null: the log commits to it, and it is missing
    session: str = ""
    by: str = ""
    passages: list[AuditPassage] = Field(default_factory=list)
    document: AuditDocument | None = None


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


class AuditVerifyRequest(Schema):
    """Body of POST /api/audit/verify: a signed checkpoint that was kept earlier, which the log must continue."""

    since: Text | None = None


class AuditVerification(Schema):
    """The server's own check of its log: every leaf and text against the signed checkpoint."""

    verified: bool
    size: int
    root: str
    since: int | None  # events of the older checkpoint that the log continues
    only_missing: bool  # the log holds, and texts beside it are missing
    problems: list[str]


class AuditCheckpoint(Schema):
    """The latest signed checkpoint, to be kept outside of this installation, and the key that verifies it."""

    checkpoint: str  # the signed note
    key: str
