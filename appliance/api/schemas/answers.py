"""A question, what it found and the events of its answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from appliance.api.schemas import Schema, Text
from appliance.models import ClassificationWord, Language, PartKind


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
