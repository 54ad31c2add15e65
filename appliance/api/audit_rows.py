"""Events of the log as an auditor reads them: words for actions and people, and what the ids of a case stand for."""

from __future__ import annotations

import json
from collections.abc import Mapping

from appliance.actions import ACTIONS
from appliance.api.caller import Caller
from appliance.api.schemas.audit import AuditDocument, AuditPassage, AuditRow
from appliance.audit.reading import LoggedEvent
from appliance.models import Json, Language
from appliance.visible import one_line, visible
from appliance.wiring import Services

_BY: dict[Language, str] = {"ja": "{name}（{by} による代行）", "en": "{name} (by {by})"}
_FIGURES = "passages"  # the text that stands beside a search: it is shown as fields


def row(event: LoggedEvent, services: Services, who: Caller) -> AuditRow:
    """An event of a list."""
    action = ACTIONS.get(event.action)
    label = event.action if action is None else (action.ja if who.language == "ja" else action.en)
    by, session = (_word(event.details.get(name)) for name in ("by", "session"))
    name = services.people.name_of(event.actor, who.language)
    return AuditRow.model_validate(
        {
            "index": event.index,
            "id": event.id,
            "time": event.time,
            "action": event.action,
            "label": label,
            "outcome": event.outcome,
            "actor_kind": event.actor_kind,
            "actor": event.actor,
            "actor_name": _BY[who.language].format(name=name, by=by) if by else name,
            "case": event.case,
            "details": dict(event.details),
            "texts": {name: None if text is None else visible(text) for name, text in event.texts.items()},
            "session": session,
            "by": by,
        }
    )


def told(event: LoggedEvent, services: Services, who: Caller) -> AuditRow:
    """An event of a case: with its document, and the passages that its search found."""
    found = row(event, services, who)
    passages = _passages(event, services)
    texts = {name: text for name, text in found.texts.items() if not (passages and name == _FIGURES)}
    key = event.details.get("document")
    document = _document(key, services) if isinstance(key, str) else None
    return found.model_copy(update={"passages": passages, "texts": texts, "document": document})


def _document(key: str, services: Services) -> AuditDocument:
    entry = services.registry.entry(key)
    if entry is None:
        return AuditDocument(key=key, collection=None, path=None, title=None)
    its = entry.document
    return AuditDocument(key=key, collection=its.collection, path=visible(its.path), title=one_line(its.title))


def _passages(event: LoggedEvent, services: Services) -> list[AuditPassage]:
    rows = event.details.get("passages")
    if not isinstance(rows, (list, tuple)):
        return []
    figures = _figures(event.texts.get(_FIGURES))
    # Events of earlier releases say by their decision alone what was shown.
    shown = event.details.get("shown", event.details.get("decision") != "no-evidence") is True
    return [_passage(one, figures, services, shown=shown) for one in rows if isinstance(one, Mapping)]


def _passage(
    one: Mapping[str, Json], figures: Mapping[Json, Mapping[str, Json]], services: Services, *, shown: bool
) -> AuditPassage:
    key, version, part = str(one.get("document")), str(one.get("version")), one.get("part")
    document = _document(key, services)
    kept = services.registry.part(key, version, part) if isinstance(part, int) else None
    # Events of earlier releases hold the figures themselves, and no hash of the passage.
    figure = {**one, **figures.get(one.get("number"), {})}
    return AuditPassage.model_validate(
        {
            "number": one.get("number"),
            "document": key,
            "version": version,
            "part": part,
            "list": one.get("list"),
            "shown": shown,
            "text": one.get("text", ""),
            "salt": figure.get("salt"),
            **{name: figure.get(name) for name in ("score", "cosine", "coverage")},
            "collection": document.collection,
            "path": document.path,
            "title": one_line(services.registry.title(key, version)) or None,
            "part_kind": kept[0].kind if kept else None,
            "part_label": one_line(kept[0].label) if kept else None,
        }
    )


def _figures(text: str | None) -> dict[Json, Mapping[str, Json]]:
    """What stands beside the log of each passage, by number; nothing once it was erased."""
    rows: list[dict[str, Json]] = json.loads(text) if text else []
    return {row["number"]: row for row in rows}


def _word(value: Json) -> str:
    return value if isinstance(value, str) else ""
