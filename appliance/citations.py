"""From a model's pieces to sentences that cite: markers read, checked and tied to places in the passages.

A marker is `[n]` in text that the model wrote itself. Quoted text is data: a `[2]` in it stays brackets and a digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.models import AnswerSentence, Citation, Part, Passage, Rectangle, Span, Support, Token
from appliance.sentences import sentences

_MARKER = re.compile(r"\[(\d{1,3})\]")
# What may still become a marker when the next piece comes: it is held back.
_UNFINISHED = re.compile(r"\[\d{0,3}$")


@dataclass(frozen=True, slots=True)
class Said:
    """Text to append to a sentence, counted from 0."""

    sentence: int
    text: str


@dataclass(slots=True)
class _Open:
    """The sentence being written."""

    text: str = ""
    quoted: bool = False
    passages: tuple[int, ...] = ()


class AnswerReader:
    """Reads one answer's tokens in order. `feed` gives what is new; `finish` closes the last sentence."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = {passage.number: passage for passage in passages}
        self._held = ""
        self._open = _Open()
        self.sentences: list[AnswerSentence] = []
        self.citations: list[Citation] = []
        self.unknown_markers = 0

    def feed(self, token: Token) -> Iterator[Said | Citation]:
        """What this token adds: text, and citations once their marker is complete."""
        if token.quoted:
            yield from self._text(self._held, quoted=False)
            self._held = ""
            yield from self._text(token.text, quoted=True)
            return
        text = self._held + token.text
        unfinished = _UNFINISHED.search(text)
        cut = unfinished.start() if unfinished else len(text)
        text, self._held = text[:cut], text[cut:]
        at = 0
        for marker in _MARKER.finditer(text):
            yield from self._text(text[at : marker.start()], quoted=False)
            yield from self._cite(int(marker.group(1)))
            at = marker.end()
        yield from self._text(text[at:], quoted=False)

    def finish(self) -> Iterator[Said | Citation]:
        """The held-back rest, as text; the last sentence is closed."""
        yield from self._text(self._held, quoted=False)
        self._held = ""
        self._close()

    def _text(self, text: str, *, quoted: bool) -> Iterator[Said]:
        if quoted:
            self._close()
            self._open = _Open(text, quoted=True)
            yield Said(len(self.sentences), text)
            return
        if not text or (not text.strip() and not self._open.text):
            return
        if self._open.quoted or self._open.passages:
            # Written after a marker: whatever comes now is the next sentence.
            text = text.lstrip()
            if not text:
                return
            self._close()
        yield from self._written(text)

    def _written(self, text: str) -> Iterator[Said]:
        spans = sentences(self._open.text + text)
        before = len(self._open.text)
        whole = self._open.text + text
        ends = [start for start, _ in spans[1:]] + [len(whole)]
        for number, end in enumerate(ends):
            new = whole[before:end]
            before = max(before, end)
            if new:
                self._open.text += new
                yield Said(len(self.sentences), new)
            if number < len(ends) - 1:
                self._close()

    def _cite(self, number: int) -> Iterator[Citation]:
        passage = self._passages.get(number)  # markers count from 1: [0] and [99] name no passage
        if passage is None:
            self.unknown_markers += 1
            return
        if not self._open.text.strip() or number in self._open.passages:
            return
        self._open.passages += (number,)
        span = place(passage, self._open.text.strip())
        quote = passage.chunk.text[span.start - passage.chunk.span.start : span.end - passage.chunk.span.start]
        citation = Citation(len(self.sentences), number, span, quote)
        self.citations.append(citation)
        yield citation

    def _close(self) -> None:
        text = self._open.text.strip()
        if text:
            found = [self._passages[number] for number in self._open.passages]
            support: Support = "ok" if any(text in passage.chunk.text for passage in found) else "none"
            self.sentences.append(AnswerSentence(text, self._open.passages, support))
        self._open = _Open()


def place(passage: Passage, sentence: str) -> Span:
    """Where a sentence stands in its passage, word for word; the whole passage where it does not."""
    chunk = passage.chunk
    at = chunk.text.find(sentence)
    if at < 0:
        return chunk.span
    return Span(chunk.span.part, chunk.span.start + at, chunk.span.start + at + len(sentence))


def rectangles(part: Part, start: int, end: int) -> tuple[Rectangle, ...]:
    """The boxes of characters [start, end) on the page's picture, one a line."""
    out = []
    for line in part.lines:
        first, last = max(start, line.start), min(end, line.end)
        if first >= last:
            continue
        edges = line.edges[first - line.start : last - line.start + 1]
        left, right = min(edges), max(edges)
        out.append(Rectangle(left, line.top, right - left, line.bottom - line.top))
    return tuple(out)
