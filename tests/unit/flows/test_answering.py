"""One question: what is in the log before anything is shown, and what is kept however an answer ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from appliance.answering import AnswerEvent, Answering, Question, Sources, Stage, checked
from appliance.audit.reading import LoggedEvent
from appliance.citations import Said
from appliance.errors import (
    AuditUnavailable,
    IndexUnavailable,
    QuestionEmpty,
    QuestionTooLong,
    ServerUnreachable,
)
from appliance.generation import generation_pipeline
from appliance.index.process import EdgeProcess
from appliance.models import Actor, Answer, AuditEvent, Citation, Prompt, Receipt, Token, new_id
from appliance.store.conversations import PastTurn
from appliance.wiring import Services
from tests.unit.flows import house

TEXT = ("在宅勤務の申請は前週の木曜日までに行う。", "在宅勤務手当は1日につき200円とする。")
QUESTION = "在宅勤務の申請はいつまでに行いますか。"
SHOWN = (Sources, Said, Citation)


@dataclass
class Model:
    """A chat model that writes what it is given, and says whether it was closed."""

    tokens: list[Token]
    error: Exception | None = None
    name: str = "scripted"
    prompts: list[Prompt] = field(default_factory=list)
    written: int = 0
    closed: bool = False
    endless: bool = False

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Token, None]:
        self.prompts.append(prompt)
        try:
            for token in self.tokens:
                self.written += 1
                yield token
            if self.error is not None:
                raise self.error
            while self.endless:
                await asyncio.sleep(0.01)
        finally:
            self.closed = True


class Recording:
    """The real log, with what was shown written between its durable records."""

    def __init__(self, log: Any, refuse: str = "") -> None:
        self._log, self._refuse = log, refuse
        self.order: list[str] = []

    def submit(self, event: AuditEvent) -> Future[Receipt]:
        if event.action == self._refuse:
            refused: Future[Receipt] = Future()
            refused.set_exception(AuditUnavailable(where="here", why="it is full"))
            return refused
        future: Future[Receipt] = self._log.submit(event)
        future.add_done_callback(lambda _: self.order.append(event.action))
        return future

    def commit(self, event: AuditEvent) -> Receipt:
        return self.submit(event).result()


@pytest.fixture
def filled(services: Services) -> Services:
    house.put(services, house.document(services, "a.txt", TEXT))
    return services


def answering(services: Services, model: Model | None = None, log: Recording | None = None) -> Answering:
    made = (
        services.answering
        if model is None
        else replace(services.answering, generation=generation_pipeline(model), model=model.name)
    )
    return made if log is None else replace(made, audit=log)


def question(services: Services, text: str = QUESTION, person: str = "yamada") -> Question:
    conversation = services.conversations.begin(text, person=person)
    return Question(text, house.person(services, person), Actor("person", person), conversation, new_id())


async def heard(events: AsyncGenerator[AnswerEvent, None], log: Recording | None = None) -> list[AnswerEvent]:
    out = []
    async with aclosing(events):
        async for event in events:
            if log is not None:
                log.order.append(type(event).__name__)
            out.append(event)
    return out


def asked(
    services: Services, to: Answering | None = None, text: str = QUESTION, person: str = "yamada"
) -> list[AnswerEvent]:
    return asyncio.run(heard((to or services.answering).answer(question(services, text, person))))


def case(services: Services, asked: Question) -> list[LoggedEvent]:
    return list(services.audit.reader.case(asked.case))


def turn(services: Services, asked: Question) -> PastTurn:
    (found,) = services.conversations.turns(asked.conversation)
    return found


# --- the way of an answer --------------------------------------------------------------------------------------------


def test_an_answer_is_recorded_before_it_is_shown_and_again_when_it_is_done(filled: Services) -> None:
    log = Recording(filled.audit)
    one = question(filled)
    events = asyncio.run(heard(answering(filled, log=log).answer(one), log))
    order = list(dict.fromkeys(log.order))
    assert order.index("question.received") < order.index("Sources")
    assert order.index("question.retrieved") < order.index("Sources") < order.index("Said") < order.index("Citation")
    assert order.index("Citation") < order.index("question.completed") < order.index("Answer")
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert [sentence.text for sentence in answer.sentences] == [TEXT[0]]
    assert [event.action for event in case(filled, one)] == [
        "question.received", "question.retrieved", "question.completed",
    ]  # fmt: skip


def test_the_log_holds_ids_and_scores_and_the_texts_beside_it(filled: Services) -> None:
    one = question(filled)
    asyncio.run(heard(filled.answering.answer(one)))
    received, retrieved, completed = case(filled, one)
    document = filled.registry.collection("c")[0].document
    passages: Any = retrieved.details["passages"]
    assert {(p["document"], p["version"]) for p in passages} == {(document.key, document.version)}
    assert retrieved.details["decision"] == "answer"
    assert received.texts == {"question": QUESTION}
    assert completed.texts == {"answer": TEXT[0]}
    assert QUESTION not in str(received.details) + str(retrieved.details) + str(completed.details)


def test_the_turn_keeps_the_version_of_every_passage(filled: Services) -> None:
    one = question(filled)
    asyncio.run(heard(filled.answering.answer(one)))
    kept = turn(filled, one)
    assert (kept.answer.outcome, kept.question, kept.case) == ("answered", QUESTION, one.case)
    assert {source.version for source in kept.sources} == {filled.registry.collection("c")[0].document.version}


@pytest.mark.parametrize(
    ("text", "language"), [("明日の天気は何ですか。", "ja"), ("Who won the world cup in 1998?", "en")]
)
def test_without_evidence_the_model_is_not_asked(filled: Services, text: str, language: str) -> None:
    model, one = Model([Token("作り話です。")]), question(filled, text)
    events = asyncio.run(heard(answering(filled, model).answer(one)))
    assert events[:2] == [Stage("searching"), Sources(())]
    (answer,) = events[2:]
    assert isinstance(answer, Answer)
    assert (answer.outcome, answer.language, answer.sentences) == ("no-evidence", language, ())
    assert model.prompts == []
    assert [event.details.get("decision") for event in case(filled, one)][1] == "no-evidence"
    assert turn(filled, one).answer.outcome == "no-evidence"


def test_a_principal_without_groups_is_refused_before_the_model_is_called(filled: Services) -> None:
    model = Model([Token("作り話です。")])
    events = asked(filled, answering(filled, model), person="nakamura")
    assert events[1] == Sources(())
    assert model.prompts == []


def test_a_model_that_writes_nothing_has_found_nothing(filled: Services) -> None:
    answer = asked(filled, answering(filled, Model([])))[-1]
    assert isinstance(answer, Answer)
    assert answer.outcome == "no-evidence"


# --- the log fails ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["question.received", "question.retrieved"])
def test_nothing_is_shown_and_no_model_called_before_the_record_is_durable(filled: Services, action: str) -> None:
    model, shown = Model([Token("秘密です。 [1]")]), list[AnswerEvent]()

    async def listen() -> None:
        async with aclosing(
            answering(filled, model, Recording(filled.audit, action)).answer(question(filled))
        ) as events:
            async for event in events:
                shown.append(event)

    with pytest.raises(AuditUnavailable, match="it is full"):
        asyncio.run(listen())
    assert not [event for event in shown if isinstance(event, (*SHOWN, Answer))]
    assert model.prompts == []


def test_a_record_that_is_slow_to_become_durable_holds_the_sources_back(filled: Services) -> None:
    class Slow(Recording):
        def submit(self, event: AuditEvent) -> Future[Receipt]:
            if event.action != "question.retrieved":
                return super().submit(event)
            held.append((event, Future()))
            return held[0][1]

    held: list[tuple[AuditEvent, Future[Receipt]]] = []

    async def listen() -> None:
        events = answering(filled, log=Slow(filled.audit)).answer(question(filled))
        assert await anext(events) == Stage("searching")
        waiting = asyncio.ensure_future(anext(events))
        while not held:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert not waiting.done()
        held[0][1].set_result(filled.audit.commit(held[0][0]))
        assert isinstance(await waiting, Sources)
        await events.aclose()

    asyncio.run(listen())


def test_an_answer_whose_end_cannot_be_recorded_is_not_called_done(filled: Services) -> None:
    log = Recording(filled.audit, "question.completed")
    with pytest.raises(AuditUnavailable, match="it is full"):
        asked(filled, answering(filled, log=log))


def test_a_log_that_is_closed_refuses_before_the_first_event(filled: Services) -> None:
    filled.audit.close()
    with pytest.raises(AuditUnavailable, match="the log is closed"):
        asked(filled)


# --- broken off ------------------------------------------------------------------------------------------------------

HALF = [Token("一文目です。 [1]"), Token("二文目の途中")]


async def until(events: AsyncGenerator[AnswerEvent, None], wanted: Callable[[AnswerEvent], bool]) -> None:
    async for event in events:
        if wanted(event):
            return


WHERE: dict[str, Callable[[AnswerEvent], bool]] = {
    "searching": lambda event: event == Stage("searching"),
    "sources": lambda event: isinstance(event, Sources),
    "writing": lambda event: event == Stage("writing"),
    "half a sentence": lambda event: isinstance(event, Said) and "途中" in event.text,
}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("how", ["aclose", "cancel", "cancel twice"])
def test_an_answer_broken_off_anywhere_is_recorded_as_far_as_it_came(filled: Services, where: str, how: str) -> None:
    model, one = Model(HALF, endless=True), question(filled)

    async def leave() -> None:
        events = answering(filled, model).answer(one)
        if how == "aclose":
            await until(events, WHERE[where])
            await events.aclose()
            return
        reached = asyncio.Event()

        async def listen() -> None:
            async with aclosing(events):
                await until(events, WHERE[where])
                reached.set()
                await until(events, lambda _: False)

        task = asyncio.create_task(listen())
        await reached.wait()
        task.cancel()
        await asyncio.sleep(0)
        if how == "cancel twice":
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        await asyncio.sleep(0.3)  # the record of a doubly cancelled answer goes on behind it

    asyncio.run(leave())
    assert model.closed == bool(model.prompts)
    last = case(filled, one)[-1]
    assert (last.action, last.outcome, last.details["outcome"]) == ("question.aborted", "aborted", "stopped")
    kept = turn(filled, one)
    assert kept.answer.outcome == "stopped"
    if where == "half a sentence":
        assert [sentence.text for sentence in kept.answer.sentences] == ["一文目です。", "二文目の途中"]
        assert last.texts == {"answer": "一文目です。\n二文目の途中"}


def test_an_asker_who_leaves_before_the_question_is_durable_leaves_no_open_case(filled: Services) -> None:
    one, log = question(filled), Recording(filled.audit)

    async def leave() -> None:
        task = asyncio.ensure_future(anext(answering(filled, log=log).answer(one)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(0.3)

    asyncio.run(leave())
    assert [event.action for event in case(filled, one)] == ["question.received", "question.aborted"]


def test_a_conversation_deleted_while_its_answer_is_written_does_not_come_back(filled: Services) -> None:
    one = question(filled)

    async def listen() -> list[AnswerEvent]:
        events = filled.answering.answer(one)
        out = [await anext(events)]
        assert filled.conversations.delete(one.conversation, person="yamada")
        return out + await heard(events)

    assert isinstance(asyncio.run(listen())[-1], Answer)
    assert filled.conversations.of("yamada") == []
    assert case(filled, one)[-1].action == "question.completed"


# --- a part that fails -----------------------------------------------------------------------------------------------


def failed(services: Services, one: Question) -> list[str]:
    last = case(services, one)[-1]
    assert (last.action, last.outcome, last.details["outcome"]) == ("question.aborted", "failed", "failed")
    return [sentence.text for sentence in turn(services, one).answer.sentences]


def test_a_model_that_fails_leaves_what_it_had_written(filled: Services) -> None:
    down = ServerUnreachable(why="the model server is down")
    model, one = Model(HALF, error=down), question(filled)
    with pytest.raises(ServerUnreachable, match="the model server is down"):  # as itself, not as the pipeline's error
        asyncio.run(heard(answering(filled, model).answer(one)))
    assert failed(filled, one) == ["一文目です。", "二文目の途中"]
    assert model.closed


def test_a_defect_in_a_model_is_not_taken_for_an_answer(filled: Services) -> None:
    model, one = Model(HALF, error=ZeroDivisionError("a defect")), question(filled)
    with pytest.raises(Exception, match="a defect"):
        asyncio.run(heard(answering(filled, model).answer(one)))
    assert failed(filled, one) == ["一文目です。", "二文目の途中"]


def test_a_search_that_fails_is_recorded_too(filled: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise IndexUnavailable(where="here", why="it is down")

    monkeypatch.setattr(EdgeProcess, "search", down)
    one = question(filled)
    with pytest.raises(IndexUnavailable, match="it is down"):
        asyncio.run(heard(filled.answering.answer(one)))
    assert failed(filled, one) == []


# --- what a model writes ---------------------------------------------------------------------------------------------


def test_unknown_markers_are_removed_counted_and_recorded(filled: Services) -> None:
    one = question(filled)
    model = Model([Token("一つ目 [1]。二つ目 [7] [0] [99]。")])
    answer = asyncio.run(heard(answering(filled, model).answer(one)))[-1]
    assert isinstance(answer, Answer)
    assert answer.unknown_markers == 3
    assert "[" not in "".join(sentence.text for sentence in answer.sentences)
    assert {citation.passage for citation in answer.citations} == {1}
    assert case(filled, one)[-1].details["unknown_markers"] == 3


def test_a_sentence_that_its_passage_does_not_say_is_marked_as_unsupported(filled: Services) -> None:
    model = Model([Token("申請は不要です。 [1]"), Token(TEXT[0], quoted=True), Token(" [1]")])
    answer = asked(filled, answering(filled, model))[-1]
    assert isinstance(answer, Answer)
    assert [sentence.support for sentence in answer.sentences] == ["none", "ok"]


def test_acting_characters_in_an_answer_are_data_all_the_way(filled: Services) -> None:
    nasty = "赤\x1b[31m字\u202e逆\x00終わり。"
    one = question(filled)
    answer = asyncio.run(heard(answering(filled, Model([Token(nasty)])).answer(one)))[-1]
    assert isinstance(answer, Answer)
    assert [sentence.text for sentence in answer.sentences] == [nasty]
    assert turn(filled, one).answer.sentences[0].text == nasty


def test_the_model_gets_only_numbered_passages_that_the_asker_may_see(filled: Services) -> None:
    house.put(filled, house.document(filled, "hr.txt", ("在宅勤務の申請の査定は秘密です。",), access=house.FOR_HR))
    model = Model([Token("はい。 [1]")])
    asked(filled, answering(filled, model))
    (prompt,) = model.prompts
    assert {passage.document.path for passage in prompt.passages} == {"a.txt"}
    assert [passage.number for passage in prompt.passages] == list(range(1, len(prompt.passages) + 1))


# --- what may be asked -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "   ", "？！", "\x00\x1b", "\u3000\n", "🙂"])
def test_a_question_without_a_letter_or_digit_is_refused(text: str) -> None:
    with pytest.raises(QuestionEmpty, match="question is empty"):
        checked(text, 2000)


def test_a_question_over_the_limit_is_refused_with_both_numbers() -> None:
    with pytest.raises(QuestionTooLong, match="has 2000000 characters; at most 2000"):
        checked("あ" * 2_000_000, 2000)


@pytest.mark.parametrize(
    "text",
    [
        '"在宅"',
        "在宅 AND (勤務 OR *)",
        "'; DROP TABLE document; --",
        "在宅\x1b[2J勤務",
        "在宅🙂勤務",
        "[1] [2]",
        "a" * 2000,
    ],
)
def test_whatever_is_asked_is_answered_or_refused_and_recorded(filled: Services, text: str) -> None:
    one = question(filled, checked(text, 2000))
    answer = asyncio.run(heard(filled.answering.answer(one)))[-1]
    assert isinstance(answer, Answer)
    assert [event.action for event in case(filled, one)][-1] == "question.completed"
    assert case(filled, one)[0].texts == {"question": text}
