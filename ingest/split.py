"""A document's parts to chunks: whole paragraphs where they fit, whole sentences where not, never across two parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from appliance.models import Part, Span
from appliance.sentences import HEADING, sentences
from ingest.converted import Converted

# Of converter and splitter together. Raise it with every change that gives another text or other spans, so that `sync`
# converts again what an earlier release stored.
FINGERPRINT = "convert-3/split-2"

_SEPARATOR = " > "
_LONGEST_HEADING = 300


@dataclass(frozen=True, slots=True)
class Draft:
    """A chunk before it has an id: `text` is the span of its part; `heading` is what stands above it."""

    span: Span
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Sizes:
    """Characters of a chunk: what to aim at, and up to where a paragraph is kept whole."""

    target: int
    longest: int


JAPANESE = Sizes(target=360, longest=1000)
ENGLISH = Sizes(target=800, longest=1800)
_SMALL = 0.2  # of the target: a heading or a left-over line, which joins its neighbour
_FULL = 1.15  # of the target: so much a chunk may take when only a left-over line follows
_STOPS = frozenset("。．.！？!?」』）)")


def split(converted: Converted) -> tuple[Draft, ...]:
    """The chunks of a document in reading order. The same input gives the same chunks."""
    return tuple(draft for part in converted.parts for draft in _drafts(part, converted))


def _drafts(part: Part, converted: Converted) -> Iterator[Draft]:
    heading = _heading(part, converted)
    units = list(_units(part))
    for first, last in _packed(units):
        start, end = units[first].start, units[last].end
        yield Draft(Span(part.ordinal, start, end), heading, part.text[start:end])


def _heading(part: Part, converted: Converted) -> str:
    title = converted.title
    if part.kind == "page" or converted.media_type == "text/plain":
        return title[:_LONGEST_HEADING]
    label = part.label.rpartition("!")[0] or part.label if part.kind == "sheet" else part.label
    if not label or label == title or converted.media_type == "text/csv":
        return title[:_LONGEST_HEADING]
    # A document whose first heading is its title says it once.
    label = label.removeprefix(title + _SEPARATOR)
    return (title + _SEPARATOR + label)[:_LONGEST_HEADING]


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is kept together: a paragraph, a row, or sentences of a paragraph that is too long. Sizes in targets."""

    start: int
    end: int
    size: float
    most: float  # what a chunk may hold that keeps it whole
    whole: bool = True
    leads: bool = False  # a short line without a full stop: what follows belongs under it


def _units(part: Part) -> Iterator[_Unit]:
    spans = sentences(part.text)
    for first, last in _paragraphs(part.text, spans):
        start, end = spans[first][0], spans[last][1]
        yield from _cut(part.text[start:end], start, spans[first : last + 1], row=part.kind == "sheet")


def _paragraphs(text: str, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Runs of sentences, as (first, last), between which no new line stands."""
    first = 0
    for index in range(1, len(spans) + 1):
        if index == len(spans) or "\n" in text[spans[index - 1][1] : spans[index][0]]:
            yield first, index - 1
            first = index


def _cut(text: str, start: int, spans: list[tuple[int, int]], *, row: bool) -> Iterator[_Unit]:
    sizes = sizes_of(text)
    most = sizes.longest / sizes.target
    if len(text) <= sizes.longest:
        size = len(text) / sizes.target
        leads = not row and size < _SMALL and (text[-1] not in _STOPS or bool(HEADING.match(text)))
        yield _Unit(start, start + len(text), size, most, leads=leads)
        return
    for begin, end in spans:
        step = end - begin if end - begin <= sizes.longest else sizes.target
        for piece in range(begin, end, step):
            until = min(piece + step, end)
            yield _Unit(piece, until, (until - piece) / sizes.target, most, whole=False)


def sizes_of(text: str) -> Sizes:
    """By script: Japanese says in 360 characters what English says in 800."""
    wide = sum(1 for character in text if character >= "\u2e80")
    return JAPANESE if wide * 5 >= len(text) else ENGLISH


def _packed(units: list[_Unit]) -> Iterator[tuple[int, int]]:
    """Runs of units, as (first, last), that make one chunk each."""
    first, size = 0, 0.0
    for index, unit in enumerate(units):
        if index > first and not _fits(size, unit, last=index == len(units) - 1):
            cut = index
            while cut - 1 > first and units[cut - 1].leads:
                cut -= 1
            yield first, cut - 1
            first, size = cut, sum(member.size for member in units[cut:index])
        size += unit.size
    if units:
        yield first, len(units) - 1


def _fits(size: float, unit: _Unit, *, last: bool) -> bool:
    if size + unit.size <= 1.0:
        return True
    if size < _SMALL and unit.whole:
        return size + unit.size <= unit.most
    return last and unit.size < _SMALL and size + unit.size <= _FULL
