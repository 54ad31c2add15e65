"""An answer as HTML: sentences with chips and marks, the summary, the source cards. No markdown anywhere.

A chip carries in data-preview all that preview.js needs to open its source, so that it works while the answer is still
being written and without a rerun.
"""

from __future__ import annotations

from collections.abc import Sequence

from appliance.api.schemas.answers import Box, CitationEvent, Source
from appliance.api.schemas.documents import DocumentRow
from appliance.models import Classification, Language
from appliance.places import place
from ui.answer import Answer, Written
from ui.markup import attribute, classification, escaped, fold, line, mark
from ui.texts import text


def where(source: Source, language: Language) -> str:
    """The place of a source in words, and the heading above it where that says more than title and place do."""
    known = {source.title, source.part_label}
    heading = "" if source.heading in known else source.heading
    return " / ".join(part for part in (place(source.part_kind, source.part_label, language), heading) if part)


def _boxes(boxes: Sequence[Box]) -> list[list[float]]:
    return [[box.left, box.top, box.width, box.height] for box in boxes]


def _preview(source: Source, turn: int, citations: Sequence[CitationEvent], language: Language) -> str:
    """What preview.js opens: the cited places of a part, or the whole passage when no sentence cites it."""
    spans = [[citation.start, citation.end] for citation in citations] or [[source.start, source.end]]
    boxes = [box for citation in citations for box in _boxes(citation.boxes)] or _boxes(source.boxes)
    quote = citations[0].quote if citations else source.text
    return attribute(
        {
            "group": f"turn-{turn}",
            "cited": bool(citations),
            "document": source.document,
            "version": source.version,
            "part": source.part,
            "title": source.title,
            "where": f"[{source.number}] {where(source, language)}",
            "classification": source.classification,
            "picture": source.picture,
            "spans": spans,
            "boxes": boxes,
            "quote": quote,
        }
    )


def document_preview(row: DocumentRow) -> str:
    """What preview.js opens for a document of the list: its parts, one after the other, nothing marked."""
    return attribute(
        {
            "group": "document",
            "document": row.key,
            "version": row.version,
            "part": 1,
            "parts": row.parts,
            "title": row.title,
            "where": "",
            "classification": row.classification,
        }
    )


def chip(answer: Answer, turn: int, citation: CitationEvent, language: Language) -> str:
    """The number of a source after a sentence; nothing when the API never named that source."""
    source = answer.sources.get(citation.number)
    if source is None:
        return ""
    words = line(f"{text('sources', language)} {source.number}: {source.title} {where(source, language)}")
    return (
        f'<a class="cite" href="#source-{turn}-{source.number}" aria-label="{words}" title="{words}" '
        f'data-preview="{_preview(source, turn, [citation], language)}">{source.number}</a>'
    )


def sentence(answer: Answer, turn: int, written: Written, language: Language) -> str:
    """A sentence with its chips and its mark; a sentence that is still being written has neither."""
    shown = written.text.strip("\n")
    if not shown:
        return ""
    # A source cited twice by one sentence has one chip.
    distinct = {citation.number: citation for citation in reversed(written.citations)}
    chips = "".join(chip(answer, turn, distinct[number], language) for number in sorted(distinct))
    finished = written.support != "wait"
    if not chips and not finished:
        return f"<span>{escaped(shown)}</span>"
    gap = " " if shown.isascii() else ""
    # The last character goes with the chips: 。 never starts a line, so a chip never stands alone on the next one.
    kind = f"s s-{written.support}"
    return (
        f'<span class="{kind}">{escaped(shown[:-1])}</span>'
        f'<span class="end"><span class="{kind}">{escaped(shown[-1])}</span>'
        f"{chips}{mark(written.support, language)}</span>{gap}"
    )


def paragraph(answer: Answer, turn: int, written: Sequence[Written], language: Language) -> str:
    """One paragraph of an answer."""
    return f'<div class="answer"><p>{"".join(sentence(answer, turn, each, language) for each in written)}</p></div>'


def summary(answer: Answer, language: Language) -> str:
    """How much of the answer is confirmed, the highest classification among its sources, and the time it took."""
    good = sum(written.support == "ok" for written in answer.sentences)
    marks = "".join(f'<i class="mark mark-{written.support}"></i>' for written in answer.sentences)
    cited = answer.cited()
    top = max((Classification.named(source.classification) for source in cited), default=None)
    label = classification(top.word, language) if top else ""
    return (
        f'<p class="summary"><span class="row" aria-hidden="true">{marks}</span>'
        f"<span>{line(text('confirmed', language, n=len(answer.sentences), k=good))}</span>{label}"
        f'<span class="quiet">{line(text("seconds", language, s=f"{answer.seconds:.1f}"))}</span></p>'
    )


def legend(language: Language) -> str:
    """What the marks mean."""
    marks = "".join(
        f'<span><i class="mark mark-{kind}" aria-hidden="true"></i>{line(text(kind, language))}</span>'
        for kind in ("ok", "none")
    )
    return f'<p class="legend">{marks}<span>{line(text("marks_mean", language))}</span></p>'


def _card(answer: Answer, turn: int, source: Source, language: Language) -> str:
    citations = [c for written in answer.sentences for c in written.citations if c.number == source.number]
    sheet = '<span class="sheet" aria-hidden="true"></span>'
    if source.picture:
        address = f"/api/documents/{source.document}/versions/{source.version}/thumbnails/{source.part}"
        sheet = f'<img src="{line(address)}" alt="" width="72" height="102" loading="lazy">'
    quote = citations[0].quote if citations else source.text
    stored = text("stored_on", language, d=f"{source.updated:%Y-%m-%d}")
    preview = _preview(source, turn, citations, language)
    return (
        f'<li><a class="card" href="#source-{turn}-{source.number}" data-preview="{preview}">'
        f'{sheet}<span class="card-text"><span class="card-top"><span class="n">{source.number}</span>'
        f"{classification(source.classification, language)}</span><b>{line(source.title)}</b>"
        f'<span class="quiet">{line(where(source, language))}</span><q>{line(quote)}</q>'
        f'<span class="quiet">{line(stored)}</span></span></a></li>'
    )


def cards(answer: Answer, turn: int, language: Language) -> str:
    """The cited sources, and in a fold the other passages that were read."""
    cited = answer.cited()
    others = [source for _, source in sorted(answer.sources.items()) if source not in cited]
    out = ""
    if cited:
        listed = "".join(_card(answer, turn, source, language) for source in cited)
        out += f'<h2 class="small">{line(text("sources", language))}</h2><ul class="cards">{listed}</ul>'
    if others:
        listed = "".join(_card(answer, turn, source, language) for source in others)
        out += fold(text("other_sources", language), str(len(others)), f'<ul class="cards">{listed}</ul>')
    return out


def steps(stage: str, language: Language) -> str:
    """The way of a question, and where it is now."""
    names = ("received", "searching", "writing")
    now = names.index(stage)
    items = ""
    for number, name in enumerate(names):
        kind = "done" if number < now else "now" if number == now else "later"
        current = ' aria-current="step"' if number == now else ""
        items += f'<li class="{kind}"{current}>{line(text(f"step_{name}", language))}</li>'
    return f'<ol class="steps">{items}</ol>'
