"""An answer as the portal holds it: what arrived so far, from a stream or from the history."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from appliance.api.schemas import Problem
from appliance.api.schemas.answers import (
    CitationEvent,
    DoneEvent,
    Sentence,
    Source,
    SourcesEvent,
    StatusEvent,
    TokenEvent,
)
from appliance.api.schemas.conversations import Turn
from ui.sse import Event

State = Literal["new", "answered", "no-evidence", "stopped", "failed", "withheld"]
Stage = Literal["received", "searching", "writing"]
Support = Literal["ok", "none", "wait"]

_SENTENCE_ENDS = tuple("。．.!?！？」』）)")


@dataclass(slots=True)
class Written:
    """One sentence: its text, its citations in order, and whether its source confirms it (`wait` until `done`)."""

    text: str = ""
    citations: list[CitationEvent] = field(default_factory=list)
    support: Support = "wait"


@dataclass(slots=True)
class Answer:
    """A question with what is known of its answer."""

    question: str
    state: State = "new"
    stage: Stage = "received"
    conversation: str = ""
    case: str = ""
    sentences: list[Written] = field(default_factory=list)
    sources: dict[int, Source] = field(default_factory=dict)
    seconds: float = 0.0
    unknown_markers: int = 0
    problem: str = ""

    def take(self, event: Event) -> None:
        """Note what an event says."""
        match event:
            case StatusEvent():
                self.stage, self.conversation, self.case = event.stage, event.conversation, event.case
            case SourcesEvent():
                self.sources = {source.number: source for source in event.sources}
            case TokenEvent():
                self._sentence(event.sentence).text += event.text
            case CitationEvent():
                self._sentence(event.sentence).citations.append(event)
            case DoneEvent():
                self._finish(event)
            case Problem():
                self.state, self.problem = "failed", event.message

    def _sentence(self, number: int) -> Written:
        while len(self.sentences) <= number:
            self.sentences.append(Written())
        return self.sentences[number]

    def _finish(self, done: DoneEvent) -> None:
        self.state, self.seconds, self.unknown_markers = done.outcome, done.seconds, done.unknown_markers
        for number, recorded in enumerate(done.sentences):
            written = self._sentence(number)
            written.text, written.support = recorded.text, recorded.support
        del self.sentences[len(done.sentences) :]

    def cited(self) -> list[Source]:
        """The sources that a sentence cites, by number."""
        numbers = {citation.number for written in self.sentences for citation in written.citations}
        return [source for number, source in sorted(self.sources.items()) if number in numbers]

    def paragraphs(self) -> list[list[Written]]:
        """The sentences in paragraphs. A text that is no sentence (a row of a table, a heading) stands alone.

        Where a paragraph ends is known as soon as its last sentence is complete, so none moves when the next arrives.
        """
        paragraphs: list[list[Written]] = []
        open_ended = False
        for written in self.sentences:
            if open_ended and not written.text.startswith("\n"):
                paragraphs[-1].append(written)
            else:
                paragraphs.append([written])
            open_ended = written.text.endswith(_SENTENCE_ENDS) or written.text.endswith(" ")
        return paragraphs


def from_turn(turn: Turn) -> Answer:
    """An answer of the history. What the API withholds is not there to be shown."""
    answer = Answer(
        question=turn.question,
        state="withheld" if turn.withheld else turn.outcome,
        case=turn.case,
        sentences=[] if turn.withheld else [_written(sentence) for sentence in turn.sentences],
        sources={} if turn.withheld else {source.number: source for source in turn.sources},
        seconds=turn.seconds,
    )
    for citation in turn.citations if not turn.withheld else []:
        if citation.sentence < len(answer.sentences):
            answer.sentences[citation.sentence].citations.append(citation)
    return answer


def _written(sentence: Sentence) -> Written:
    return Written(text=sentence.text, support=sentence.support)
