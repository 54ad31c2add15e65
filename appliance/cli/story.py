"""One case of the audit log in lines: what its texts say, and which passages of which documents were shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from appliance.api.schemas.audit import AuditDocument, AuditPassage, AuditRow
from appliance.models import Language
from appliance.places import place
from appliance.visible import one_line, visible
from appliance.words import Words

_MISSING = Words(ja="（欠落）", en="(missing)")
_SHORT = 12  # hex digits of a version that tell it apart in a line


def story(events: Sequence[AuditRow], language: Language) -> Iterator[str]:
    """The lines below the table of a case."""
    for row in events:
        if row.document is not None:
            yield f"{row.index} document: {_document(row.document.title, row.document.key, _place(row.document))}"
        if (access := row.details.get("filter")) and isinstance(access, dict):
            yield f"{row.index} access lists: {_lists(access)}"
        for passage in row.passages:
            yield f"{row.index} {_passage(passage, language)}"
        for name, text in row.texts.items():
            yield f"{row.index} {name}: {_MISSING.text(language) if text is None else visible(text)}"


def _lists(access: dict[str, object]) -> str:
    lists = access.get("lists")
    return ", ".join(map(str, lists)) if isinstance(lists, list) else f"{access.get('count')} (beside the log)"


def _passage(passage: AuditPassage, language: Language) -> str:
    kind, label = passage.part_kind, passage.part_label
    where = place(kind, label, language) if kind and label else f"part {passage.part}"
    version = f"version {passage.version[:_SHORT]}, list {passage.list}"
    figures = "" if passage.score is None else f", score {passage.score:.3f}"
    called = _document(passage.title, passage.document, _place(passage))
    return f"{'shown' if passage.shown else 'not shown'} [{passage.number}]: {called}, {where}, {version}{figures}"


def _document(title: str | None, key: str, place: str) -> str:
    return f"{one_line(title or key)} ({place})"


def _place(of: AuditPassage | AuditDocument) -> str:
    return one_line(f"{of.collection}/{of.path}") if of.collection else "no longer in the registry"
