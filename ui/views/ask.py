"""Ask: the empty page with examples, the streamed answer, and the states in which there is none."""

from __future__ import annotations

import time

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from appliance.api.schemas.answers import AskRequest
from appliance.errors import ApplianceError
from ui.answer import Answer
from ui.evidence import cards, legend, paragraph, steps, summary
from ui.markup import escaped, line, notice
from ui.options import bound
from ui.sse import Ping
from ui.views import history
from ui.visit import Visit

QUESTION_LIMIT = 4000  # characters in the field; the API has the last word
_REDRAW_SECONDS = 0.06  # tokens that come faster are drawn together


def show(visit: Visit) -> None:
    """Draw the view. Streamlit runs this from top to bottom for every click."""
    history.restore(visit)
    past = history.side(visit)
    history.draw_list(visit, past)
    with st.bottom:
        going_on = history.turns() or st.session_state.get("question") or "example" in st.session_state
        words = visit.t("placeholder_next" if going_on else "placeholder")
        asked = st.chat_input(words, key="question", submit_mode="stop", max_chars=QUESTION_LIMIT)
        keys, said = line(visit.t("keys")), line(visit.t("notice"))
        st.html(f'<p class="under"><span class="keys">{keys} </span>{said}</p>')
    history.say()
    asked = asked or st.session_state.pop("example", None)
    turns = history.turns()
    if asked:
        turns.append(Answer(asked))
    if not turns:
        return _empty(visit)
    st.html(f'<h1 class="unseen">{line(visit.t("ask"))}</h1>')
    for number, answer in enumerate(turns):
        _turn(visit, answer, number, past)
    history.delete_button(visit)


def _empty(visit: Visit) -> None:
    known = visit.me.documents
    sub = visit.t("hello_sub", n=f"{known:,}") if known else visit.t("hello_none")
    examples = bound().examples if known else ()
    head = f'<h2 class="small">{line(visit.t("examples"))}</h2>' if examples else ""
    st.html(f'<div class="hello"><h1>{line(visit.t("hello"))}</h1><p>{line(sub)}</p>{head}</div>')
    with st.container(key="examples", gap="small"):
        for number, example in enumerate(examples):
            words = example.text(visit.language)
            st.button(words, key=f"example-{number}", width="stretch", on_click=_ask_example, args=(words,))


def _ask_example(words: str) -> None:
    st.session_state["example"] = words


def _turn(visit: Visit, answer: Answer, number: int, past: DeltaGenerator) -> None:
    st.html(
        f'<section class="turn turn-{number}"><p class="quiet">{line(visit.t("you"))}</p>'
        f'<h2 class="question">{escaped(answer.question)}</h2></section>'
    )
    head = st.empty()  # waiting, writing and the summary share one place: nothing below it jumps
    body = _Body(visit, answer, number)
    if answer.state == "new":
        answer.state = "stopped"  # until it is done: Stop ends this run wherever it is
        _stream(visit, answer, head, body)
        history.draw_list(visit, past)
    body.draw()
    _finished(visit, answer, number, head)


class _Body:
    """The paragraphs of an answer, each in a place of its own, so that a finished one keeps its nodes."""

    def __init__(self, visit: Visit, answer: Answer, number: int) -> None:
        self._visit, self._answer, self._number = visit, answer, number
        self._within = st.container(key=f"answer-{number}", gap="small")
        self._places: list[tuple[DeltaGenerator, str]] = []

    def draw(self) -> None:
        """Bring the page up to what the answer holds now."""
        drawn = [
            paragraph(self._answer, self._number, written, self._visit.language)
            for written in self._answer.paragraphs()
        ]
        for at, markup in enumerate(drawn):
            if at == len(self._places):
                self._places.append((self._within.empty(), ""))
            place, before = self._places[at]
            if markup != before:
                place.html(markup)
                self._places[at] = (place, markup)


def _stream(visit: Visit, answer: Answer, head: DeltaGenerator, body: _Body) -> None:
    """Draw the answer while it comes. Closing the stream, for whatever reason this ends, ends it at the API too."""
    ping = st.empty()
    said, drawn = ("", False), 0.0
    events = visit.api.ask(AskRequest(question=answer.question, conversation=history.open_conversation()))
    try:
        _wait(visit, answer, head)
        for event in events:
            if isinstance(event, Ping):
                ping.empty()  # Streamlit interrupts a run only at a call of its own
            answer.take(event)
            if answer.conversation:
                history.remember(answer.conversation, answer.question)
            if said != (said := (answer.stage, bool(answer.sentences))):
                _wait(visit, answer, head)
            if isinstance(event, Ping) or time.monotonic() - drawn > _REDRAW_SECONDS:
                body.draw()
                drawn = time.monotonic()
    except ApplianceError as error:
        answer.state, answer.problem = "failed", error.text(visit.language)
    finally:
        events.close()


def _wait(visit: Visit, answer: Answer, head: DeltaGenerator) -> None:
    """What happens now; and, hidden by the style sheet while the run goes on, that it was stopped."""
    halted = f'<p class="stopped when-halted" role="status">{line(_stopped_words(visit, answer))}</p>'
    if answer.stage == "writing":
        head.html(f'<p class="live while-running" role="status">{line(visit.t("writing"))}</p>{halted}')
        return
    head.html(
        f'<section class="notice notice-plain while-running" role="status"><h2>{line(visit.t("searching"))}</h2>'
        f"{steps(answer.stage, visit.language)}</section>{halted}"
    )


def _stopped_words(visit: Visit, answer: Answer) -> str:
    return visit.t("stopped" if answer.sentences else "stopped_early")


def _finished(visit: Visit, answer: Answer, number: int, head: DeltaGenerator) -> None:
    """What stands around an answer that is complete, or that will not come."""
    if answer.state == "answered":
        said = visit.t("finished", n=len(answer.cited()))
        head.html(f'<p class="unseen" role="status">{line(said)}</p>{summary(answer, visit.language)}')
        removed = line(visit.t("markers", n=answer.unknown_markers)) if answer.unknown_markers else ""
        note = f'<p class="quiet">{removed}</p>' if removed else ""
        st.html(legend(visit.language) + note + cards(answer, number, visit.language))
    elif answer.state == "no-evidence":
        tries = "".join(f"<li>{line(visit.t(f'refused_{n}'))}</li>" for n in (1, 2, 3))
        more = f"<p><b>{line(visit.t('refused_try'))}</b></p><ul>{tries}</ul>"
        head.html(_status(visit.t("refused")) + notice(visit.t("refused"), [visit.t("refused_sub")], "quiet", more))
    elif answer.state == "withheld":
        head.html(notice(visit.t("withheld"), [visit.t("withheld_sub")], "warn"))
    elif answer.state == "failed":
        case = [visit.t("case", case=answer.case)] if answer.case else []
        head.html(notice(visit.t("failed"), [answer.problem or visit.t("failed_sub"), *case], "bad"))
    else:
        head.html(f'<p class="stopped">{line(_stopped_words(visit, answer))}</p>')
        if answer.cited():
            st.html(cards(answer, number, visit.language))


def _status(words: str) -> str:
    return f'<p class="unseen" role="status">{line(words)}</p>'
