"""From the core's values to what goes over the wire.

Text that is shown beside offsets keeps its length: characters that act instead of showing are masked one by one.
"""

from __future__ import annotations

from collections.abc import Mapping

from appliance.access import AccessList
from appliance.api.schemas.answers import Box, CitationEvent, Sentence, Source
from appliance.api.schemas.conversations import ConversationRow, Turn
from appliance.api.schemas.documents import AccessRule, DocumentRow, Notices, StoredDocument
from appliance.citations import rectangles
from appliance.models import AnswerSentence, Citation, Document, Part, Passage, Principal, Span
from appliance.opening import CitedPart, Opening
from appliance.store.conversations import PastConversation, PastSource, PastTurn
from appliance.store.registry import Entry
from appliance.visible import masked, one_line, visible


def source(passage: Passage) -> Source:
    """A numbered passage."""
    chunk, document = passage.chunk, passage.document
    return Source(
        number=passage.number,
        document=document.key,
        version=document.version,
        title=one_line(document.title),
        collection=document.collection,
        path=visible(document.path),
        language=document.language,
        classification=passage.classification.word,
        updated=document.updated,
        part=chunk.span.part,
        part_kind=passage.part.kind,
        part_label=one_line(passage.part.label),
        heading=one_line(chunk.heading),
        start=chunk.span.start,
        end=chunk.span.end,
        text=masked(chunk.text),
        picture=passage.picture,
        boxes=boxes(passage.part, chunk.span),
        score=round(passage.score, 4),
        cosine=round(passage.cosine, 4),
        coverage=round(passage.coverage, 4),
    )


def boxes(part: Part, span: Span) -> list[Box]:
    """Where a span stands on its page's picture."""
    return [Box(left=r.left, top=r.top, width=r.width, height=r.height) for r in rectangles(part, span.start, span.end)]


def citation(cited: Citation, part: Part | None) -> CitationEvent:
    """A sentence tied to a source; without its part there are no boxes."""
    return CitationEvent(
        sentence=cited.sentence,
        number=cited.passage,
        start=cited.span.start,
        end=cited.span.end,
        quote=masked(cited.quote),
        boxes=boxes(part, cited.span) if part else [],
    )


def sentence(said: AnswerSentence) -> Sentence:
    """A finished sentence."""
    return Sentence(text=visible(said.text), citations=list(said.passages), support=said.support)


def row(document: Document, access: AccessList) -> DocumentRow:
    """A document in a list."""
    return DocumentRow(
        key=document.key,
        title=one_line(document.title),
        collection=document.collection,
        path=visible(document.path),
        language=document.language,
        classification=access.classification.word,
        media_type=document.media_type,
        version=document.version,
        updated=document.updated,
        parts=document.parts,
    )


def rule(access: AccessList) -> AccessRule:
    """An access list as a rule."""
    return AccessRule(
        groups=sorted(access.groups),
        classification=access.classification.word,
        compartments=sorted(access.compartments),
        denied=sorted(access.denied),
        valid_from=access.valid_from,
        valid_until=access.valid_until,
    )


def stored(entry: Entry, notes: bytes) -> StoredDocument:
    """A document as its collection lists it; `notes` are those kept with its version, or nothing."""
    document = entry.document
    return StoredDocument(
        path=document.path,
        key=document.key,
        sha256=entry.sha256,
        title=document.title,
        language=document.language,
        access=rule(entry.access),
        fingerprint=entry.fingerprint,
        notes=Notices.validate_json(notes) if notes else [],
    )


def conversation_row(past: PastConversation) -> ConversationRow:
    """A conversation in a list."""
    return ConversationRow(id=past.id, title=one_line(past.title), updated=past.updated)


def turn(past: PastTurn, principal: Principal, opening: Opening) -> Turn:
    """A past turn as its reader may see it now: withheld whole where one of its sources is no longer theirs."""
    found = {
        one.number: opening.cited(one.document, one.version, one.span.part, principal=principal) for one in past.sources
    }
    shown = {number: part for number, part in found.items() if part is not None}
    withheld = len(shown) < len(found)
    return Turn(
        case=past.case,
        question=visible(past.question),
        asked=past.asked,
        outcome=past.answer.outcome,
        withheld=withheld,
        sentences=[] if withheld else [sentence(said) for said in past.answer.sentences],
        sources=[] if withheld else [_past_source(one, shown[one.number]) for one in past.sources],
        citations=[] if withheld else [citation(c, _part_of(c, shown)) for c in past.answer.citations],
        model=past.answer.model,
        seconds=past.answer.seconds,
    )


def _past_source(past: PastSource, cited: CitedPart) -> Source:
    document, part = cited.opened.document, cited.part
    return Source(
        number=past.number,
        document=past.document,
        version=past.version,
        title=one_line(document.title),
        collection=document.collection,
        path=visible(document.path),
        language=document.language,
        classification=cited.opened.classification.word,
        updated=document.updated,
        part=past.span.part,
        part_kind=part.kind,
        part_label=one_line(part.label),
        heading=one_line(past.heading),
        start=past.span.start,
        end=past.span.end,
        text=masked(part.text[past.span.start : past.span.end]),
        picture=cited.picture,
        boxes=boxes(part, past.span),
        score=past.score,
        cosine=past.cosine,
        coverage=past.coverage,
    )


def _part_of(cited: Citation, shown: Mapping[int, CitedPart]) -> Part | None:
    found = shown.get(cited.passage)
    return found.part if found else None
