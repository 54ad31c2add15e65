"""Conversations: each person's questions and answers, with the version of every passage that an answer cites."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, delete, insert, select, update

from appliance.models import Answer, AnswerSentence, Citation, Passage, Span, new_id
from appliance.store.schema import CONVERSATION, TURN

_TITLE = 60  # characters


@dataclass(frozen=True, slots=True)
class PastSource:
    """A passage as a past answer knew it: enough to find it again, and to see whether its reader still may."""

    number: int
    document: str
    version: str
    span: Span
    heading: str
    score: float
    cosine: float
    coverage: float


@dataclass(frozen=True, slots=True)
class PastTurn:
    """A question with its answer as recorded."""

    case: str
    question: str
    asked: datetime
    answer: Answer
    sources: tuple[PastSource, ...]


@dataclass(frozen=True, slots=True)
class PastConversation:
    """A conversation in a list."""

    id: str
    title: str
    updated: datetime


class Conversations:
    """Reads and writes conversations; every call names the person whose they are."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, person: str) -> list[PastConversation]:
        """A person's conversations, newest first."""
        query = select(CONVERSATION).where(CONVERSATION.c.person == person).order_by(CONVERSATION.c.updated.desc())
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return [PastConversation(row.id, row.title, row.updated.replace(tzinfo=UTC)) for row in rows]

    def one(self, conversation: str, *, person: str) -> PastConversation | None:
        """A conversation, if it is this person's."""
        return next((found for found in self.of(person) if found.id == conversation), None)

    def begin(self, question: str, *, person: str, called: str = "") -> str:
        """A new conversation, titled after its first question; its id, which is `called` where one is given."""
        conversation = called or new_id()
        now = datetime.now(UTC).replace(tzinfo=None)
        title = " ".join(question.split())[:_TITLE]
        values = {"id": conversation, "person": person, "title": title, "updated": now}
        with self._engine.begin() as connection:
            connection.execute(insert(CONVERSATION).values(**values))
        return conversation

    def record(
        self, conversation: str, *, case: str, question: str, answer: Answer, passages: Sequence[Passage]
    ) -> None:
        """Keep a turn, once: what is known of an answer when it ends, however it ends.

        Nothing is kept where its owner deleted the conversation while the answer was written.
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        touched = update(CONVERSATION).where(CONVERSATION.c.id == conversation).values(updated=now)
        with self._engine.begin() as connection:
            if connection.execute(touched).rowcount == 0:
                return
            connection.execute(
                insert(TURN).values(
                    case=case,
                    conversation=conversation,
                    asked=now,
                    question=question,
                    language=answer.language,
                    outcome=answer.outcome,
                    model=answer.model,
                    seconds=answer.seconds,
                    answer=_pack(answer, passages),
                )
            )

    def turns(self, conversation: str) -> list[PastTurn]:
        """A conversation's turns, oldest first."""
        query = select(TURN).where(TURN.c.conversation == conversation).order_by(TURN.c.asked)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        out = []
        for row in rows:
            packed = json.loads(row.answer)
            answer = Answer(
                outcome=row.outcome,
                language=row.language,
                sentences=tuple(AnswerSentence(t, tuple(p), s) for t, p, s in packed["sentences"]),
                citations=tuple(Citation(s, n, Span(*span), quote) for s, n, span, quote in packed["citations"]),
                unknown_markers=packed["unknown"],
                model=row.model,
                seconds=row.seconds,
            )
            sources = tuple(PastSource(n, d, v, Span(*span), *rest) for n, d, v, span, *rest in packed["sources"])
            out.append(PastTurn(row.case, row.question, row.asked.replace(tzinfo=UTC), answer, sources))
        return out

    def cites(self, document: str, version: str, *, person: str) -> bool:
        """Whether an answer in this person's history rests on this version."""
        # As `_pack` writes a source: inside a text of JSON, quotation marks are escaped.
        written = json.dumps([document, version], ensure_ascii=False, separators=(",", ":"))[1:-1]
        query = (
            select(TURN.c.case)
            .join(CONVERSATION, CONVERSATION.c.id == TURN.c.conversation)
            .where(CONVERSATION.c.person == person, TURN.c.answer.contains(written, autoescape=True))
            .limit(1)
        )
        with self._engine.connect() as connection:
            return connection.execute(query).first() is not None

    def delete(self, conversation: str, *, person: str) -> bool:
        """Delete a conversation, if it is this person's; whether it was."""
        condition = (CONVERSATION.c.id == conversation) & (CONVERSATION.c.person == person)
        with self._engine.begin() as connection:
            return connection.execute(delete(CONVERSATION).where(condition)).rowcount > 0


def _pack(answer: Answer, passages: Sequence[Passage]) -> str:
    def span(value: Span) -> list[int]:
        return [value.part, value.start, value.end]

    packed = {
        "sentences": [[s.text, list(s.passages), s.support] for s in answer.sentences],
        "citations": [[c.sentence, c.passage, span(c.span), c.quote] for c in answer.citations],
        "unknown": answer.unknown_markers,
        "sources": [
            [p.number, p.document.key, p.document.version, span(p.chunk.span), p.chunk.heading, p.score, p.cosine,
             p.coverage]
            for p in passages
        ],
    }  # fmt: skip
    return json.dumps(packed, ensure_ascii=False, separators=(",", ":"))
