"""One question, top to bottom.

    (1) the request                                    api/ask.py
    (2) authenticate -> Principal                      api/caller.py
    (3) AccessFilter for the principal
    (4) retrieve, (5) re-check every hit               retrieval.py
    (6) too weak or nothing: "not found in the documents you may see"
    (7) audit.commit(received) at once, audit.commit(retrieved) before anything of it is shown; if one of them fails,
        nothing is shown
    (8) generate, streamed; stopped when the asker goes away
    (9) read markers, tie sentences to places
    (10) audit.commit(completed or aborted), then the conversation

Steps (3), (5), (7) and (10) stand outside the pipelines, so that no pipeline can leave them out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from concurrent.futures import Future
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from haystack import Pipeline

from appliance.access import AccessFilter, filter_for
from appliance.acts import act
from appliance.citations import AnswerReader, Said
from appliance.errors import QuestionEmpty, QuestionTooLong
from appliance.evidence import strong_enough
from appliance.generation import tokens
from appliance.language import language_of
from appliance.models import (
    Actor,
    Answer,
    AnswerOutcome,
    AuditEvent,
    Citation,
    Json,
    Outcome,
    Passage,
    Principal,
    Prompt,
    Receipt,
)
from appliance.protocols import AuditSink
from appliance.recording import asker, search_of
from appliance.retrieval import Retrieval, Retrieved
from appliance.store.conversations import Conversations
from appliance.store.registry import Registry


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, by whom, and under which case of the audit log."""

    text: str
    principal: Principal
    actor: Actor
    conversation: str
    case: str


@dataclass(frozen=True, slots=True)
class Stage:
    """What is being done now."""

    name: Literal["searching", "writing"]


@dataclass(frozen=True, slots=True)
class Sources:
    """The passages the answer may cite; they are in the audit log already."""

    passages: tuple[Passage, ...]


AnswerEvent = Stage | Sources | Said | Citation | Answer


@dataclass(frozen=True, slots=True)
class Answering:
    """The flow above, over what it needs. `model` is what the log calls the chat model."""

    retrieval: Retrieval
    registry: Registry
    generation: Pipeline
    model: str
    audit: AuditSink
    conversations: Conversations
    passages: int  # at most, an answer

    async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        """The events of one answer. Closing the generator stops the model and records the answer as aborted.

        Raises AuditUnavailable before anything is shown where the log cannot be written.
        """
        begin = time.perf_counter()
        outcome: AnswerOutcome = "stopped"  # until it is known otherwise
        passages: tuple[Passage, ...] = ()
        reader = AnswerReader(passages)
        try:
            await asyncio.wrap_future(self.audit.submit(_received(question)))  # (7)
            yield Stage("searching")
            access = filter_for(question.principal, self.registry.lists.all(), datetime.now(UTC))  # (3)
            retrieved = await asyncio.to_thread(  # (4) (5)
                self.retrieval.passages, question.text, self.passages, principal=question.principal, access=access
            )
            found = retrieved.passages
            if found and strong_enough(found[0], language=language_of(question.text)):  # (6)
                passages = found
            decided = _retrieved(question, retrieved, access, shown=bool(passages))
            await asyncio.wrap_future(self.audit.submit(decided))  # (7)
            yield Sources(passages)
            reader = AnswerReader(passages)
            if passages:
                yield Stage("writing")
                async with aclosing(self._written(question, passages, reader)) as events:  # (8) (9)
                    async for event in events:
                        yield event
            outcome = "answered" if reader.sentences else "no-evidence"
        except Exception:
            outcome = "failed"
            raise
        finally:
            for _ in reader.finish():
                pass  # what a stopped answer had written of its last sentence
            answer = self._whole(question, reader, outcome, time.perf_counter() - begin)
            completed = self.audit.submit(_completed(question, answer))  # (10)
            # The asker may be gone and this task cancelled, even twice: the record is made all the same.
            await asyncio.shield(self._keep(completed, question, answer, passages))
        yield answer

    async def _written(
        self, question: Question, passages: tuple[Passage, ...], reader: AnswerReader
    ) -> AsyncGenerator[Said | Citation, None]:
        prompt = Prompt(question.text, language_of(question.text), passages)
        async with aclosing(tokens(self.generation, prompt)) as stream:
            async for token in stream:
                for event in reader.feed(token):
                    yield event
        for event in reader.finish():
            yield event

    def _whole(self, question: Question, reader: AnswerReader, outcome: AnswerOutcome, seconds: float) -> Answer:
        return Answer(
            outcome=outcome,
            language=language_of(question.text),
            sentences=tuple(reader.sentences),
            citations=tuple(reader.citations),
            unknown_markers=reader.unknown_markers,
            model=self.model,
            seconds=round(seconds, 3),
        )

    async def _keep(
        self, completed: Future[Receipt], question: Question, answer: Answer, passages: tuple[Passage, ...]
    ) -> None:
        await asyncio.wrap_future(completed)
        await asyncio.to_thread(
            self.conversations.record,
            question.conversation,
            case=question.case,
            question=question.text,
            answer=answer,
            passages=passages,
        )


def checked(text: str, limit: int) -> str:
    """A question as it may be asked, without surrounding space. Raises QuestionEmpty or QuestionTooLong."""
    if len(text) > limit:
        raise QuestionTooLong(length=len(text), limit=limit)
    text = text.strip()
    if not any(character.isalnum() for character in text):
        raise QuestionEmpty()
    return text


def _received(question: Question) -> AuditEvent:
    details: dict[str, Json] = {"conversation": question.conversation, **asker(question.principal)}
    return act("question.received", "success", question.actor, question.case, details, {"question": question.text})


def _retrieved(question: Question, retrieved: Retrieved, access: AccessFilter, *, shown: bool) -> AuditEvent:
    recorded = search_of(retrieved, access, shown=shown)
    details: dict[str, Json] = {**recorded.details, "decision": "answer" if shown else "no-evidence"}
    return act("question.retrieved", "success", question.actor, question.case, details, recorded.texts)


def _completed(question: Question, answer: Answer) -> AuditEvent:
    details: dict[str, Json] = {
        "outcome": answer.outcome,
        "model": answer.model,
        "milliseconds": round(answer.seconds * 1000),
        "sentences": [
            {"passages": list(sentence.passages), "support": sentence.support} for sentence in answer.sentences
        ],
        "unknown_markers": answer.unknown_markers,
    }
    texts = {"answer": "\n".join(sentence.text for sentence in answer.sentences)}
    if answer.outcome in ("answered", "no-evidence"):
        return act("question.completed", "success", question.actor, question.case, details, texts)
    ended: Outcome = "aborted" if answer.outcome == "stopped" else "failed"
    return act("question.aborted", ended, question.actor, question.case, details, texts)
