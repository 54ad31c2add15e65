"""What a person asked before."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from appliance.api.schemas import Schema
from appliance.api.schemas.answers import CitationEvent, Sentence, Source


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
