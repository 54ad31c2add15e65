"""A question over HTTP: the events of its answer as a stream (Server-Sent Events), and search without an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from appliance.acts import act
from appliance.answering import AnswerEvent, Question, Sources, Stage, checked
from appliance.api import views
from appliance.api.caller import Caller, Held, Reader
from appliance.api.conversations import denied_conversation
from appliance.api.problems import problem
from appliance.api.schemas import Schema
from appliance.api.schemas.answers import (
    AskRequest,
    DoneEvent,
    SearchRequest,
    SearchResponse,
    SourcesEvent,
    StatusEvent,
    TokenEvent,
)
from appliance.citations import Said
from appliance.defects import unexpected
from appliance.errors import ApplianceError
from appliance.models import Answer, Citation, Language, Part, new_id
from appliance.recording import asker, search_of
from appliance.visible import visible
from appliance.wiring import Services

router = APIRouter(tags=["questions"])

# A silent stream says this often that it is alive; only so does a server notice that its client is gone.
_PING_SECONDS = 0.5
# The event loop itself keeps no strong reference to a task.
_RUNNING: set[asyncio.Task[None]] = set()
_STREAM = {"cache-control": "no-store", "x-accel-buffering": "no"}


@router.post("/ask", response_class=StreamingResponse)
async def ask(body: AskRequest, request: Request, services: Held, who: Reader) -> StreamingResponse:
    """Ask. Refusals before the first event are plain HTTP errors; later ones are an `error` event."""
    text = checked(body.question, services.settings.question_characters)
    conversation = await asyncio.to_thread(_known, services, body.conversation, who)
    question = Question(text, who.principal, who.actor, conversation or new_id(), new_id())
    events = services.answering.answer(question)
    who.asked.recorded = True  # how it ends, whatever happens
    first = await anext(events)  # the question is in the audit log from here on
    if conversation is None:
        await _begin(services, question, events)
    writer = _Writer(question, who.language)
    return StreamingResponse(_stream(request, events, first, writer), media_type="text/event-stream", headers=_STREAM)


def _known(services: Services, wanted: str | None, who: Caller) -> str | None:
    if wanted is not None and services.conversations.one(wanted, person=who.principal.id) is None:
        raise denied_conversation(wanted, who)
    return wanted


async def _begin(services: Services, question: Question, events: AsyncGenerator[AnswerEvent, None]) -> None:
    try:
        await asyncio.to_thread(
            services.conversations.begin,
            question.text,
            person=question.principal.id,
            called=question.conversation,
        )
    except ApplianceError:
        await events.aclose()  # which records that this question was not answered
        raise


async def _stream(
    request: Request, events: AsyncGenerator[AnswerEvent, None], first: AnswerEvent, writer: _Writer
) -> AsyncIterator[str]:
    """The events as text, with pings between them. When the reader goes, the answer is cancelled and recorded."""
    queue: asyncio.Queue[str | None] = asyncio.Queue(maxsize=64)

    async def pump() -> None:
        try:
            await queue.put(writer.event(first))
            async for event in events:
                await queue.put(writer.event(event))
        except ApplianceError as error:
            await queue.put(writer.error(error))
        except Exception as error:  # noqa: BLE001 - the edge of a stream: the status line is long gone
            await queue.put(writer.error(unexpected(error)))
        finally:
            await events.aclose()
        await queue.put(None)

    task = asyncio.create_task(pump())
    _RUNNING.add(task)
    task.add_done_callback(_RUNNING.discard)
    try:
        while True:
            try:
                text = await asyncio.wait_for(queue.get(), _PING_SECONDS)
            except TimeoutError:
                if await request.is_disconnected():
                    return
                text = ": ping\n\n"
            if text is None:
                return
            yield text
    finally:
        # Not awaited: a stream that is itself being cancelled would cancel the task once more, in the middle of the
        # record that it makes of its end.
        task.cancel()


class _Writer:
    """Writes the events of one answer; keeps the parts of its sources, since citations are drawn on them."""

    def __init__(self, question: Question, language: Language) -> None:
        self._question, self._language = question, language
        self._parts: dict[int, Part] = {}

    def event(self, event: AnswerEvent) -> str:
        """One event of the stream."""
        match event:
            case Stage(name):
                status = StatusEvent(stage=name, conversation=self._question.conversation, case=self._question.case)
                return _sse("status", status)
            case Sources(passages):
                self._parts = {passage.number: passage.part for passage in passages}
                return _sse("sources", SourcesEvent(sources=[views.source(passage) for passage in passages]))
            case Said(sentence, text):
                return _sse("token", TokenEvent(sentence=sentence, text=visible(text)))
            case Citation():
                return _sse("citation", views.citation(event, self._parts.get(event.passage)))
            case Answer():
                return _sse("done", _done(event))

    def error(self, error: ApplianceError) -> str:
        """The stream's last event when something failed."""
        return _sse("error", problem(error, self._language))


def _done(answer: Answer) -> DoneEvent:
    return DoneEvent(
        outcome="answered" if answer.outcome == "answered" else "no-evidence",
        language=answer.language,
        sentences=[views.sentence(said) for said in answer.sentences],
        unknown_markers=answer.unknown_markers,
        model=answer.model,
        seconds=answer.seconds,
    )


def _sse(name: str, data: Schema) -> str:
    return f"event: {name}\ndata: {data.model_dump_json()}\n\n"


@router.post("/search")
def search(body: SearchRequest, services: Held, who: Reader) -> SearchResponse:
    """Passages that match, without an answer; in the audit log before they are sent."""
    text = checked(body.query, services.settings.question_characters)
    access, case = who.access(services), new_id()
    had = asker(who.principal)
    try:
        retrieved = services.retrieval.passages(text, body.limit, principal=who.principal, access=access)
    except ApplianceError as error:
        who.asked.recorded = True
        details = {**had, "error": error.code}
        services.audit.commit(act("search.retrieved", "failed", who.actor, case, details, {"query": text}))
        raise
    found = search_of(retrieved, access, shown=True)
    texts = {"query": text, **found.texts}
    services.audit.commit(act("search.retrieved", "success", who.actor, case, {**had, **found.details}, texts))
    return SearchResponse(case=case, results=[views.source(passage) for passage in retrieved.passages])
