"""The audit log as its auditor reads it: a list, one case as a story, an export, a check. All of it is audited too."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path as FilePath
from typing import Annotated
from zipfile import ZIP_DEFLATED, ZipFile

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from appliance.actions import ACTIONS
from appliance.acts import act
from appliance.api.audit_rows import row, told
from appliance.api.caller import Auditor, Caller, Guarded, Held
from appliance.api.repeats import Seen, Views
from appliance.api.schemas.audit import (
    MOST_EVENTS,
    AuditCase,
    AuditExportRequest,
    AuditList,
    AuditProof,
    AuditQuery,
    AuditVerification,
)
from appliance.audit.export import Selection, export
from appliance.audit.reading import EventFilter
from appliance.errors import ApplianceError, AuditEventNotFound, AuditFilterUnknown, ExportNotWritten, ExportRefused
from appliance.models import Json, Outcome, new_id
from appliance.wiring import Services

router = APIRouter(route_class=Guarded, prefix="/audit", tags=["audit"])


@router.get("/events")
def events(query: Annotated[AuditQuery, Query()], services: Held, who: Auditor, seen: Seen) -> AuditList:
    """Events that match, newest first, without their texts; `before` goes on from an earlier answer."""
    _known_person(query.person, services)
    _known_action(query.action, services)
    wanted = EventFilter(
        start=query.start, end=query.end, actor=query.person, action=query.action, outcome=query.outcome
    )
    limit = query.limit
    found = services.audit.reader.events(wanted, limit=limit + 1, before=query.before)
    selected: dict[str, Json] = {
        "view": "events",
        "person": query.person,
        "action": query.action,
        "outcome": query.outcome,
        **_times(query.start, query.end),
        "before": query.before,
    }
    _viewed(services, who, seen, selected, events=min(len(found), limit))
    head = services.audit.reader.head()
    return AuditList(
        events=[row(event, services, who) for event in found[:limit]],
        size=head.size,
        root=head.root.hex(),
        checkpoint=head.note,
        more=len(found) > limit,
    )


@router.get("/cases/{case}")
def case(case: str, services: Held, who: Auditor, seen: Seen) -> AuditCase:
    """All events of a question, search or change, with their texts and the proof of the last."""
    found = services.audit.reader.case(case)
    if not found:
        raise AuditEventNotFound(event=case[:64], last=services.audit.reader.head().size - 1)
    _viewed(services, who, seen, {"view": "case", "case": case}, events=len(found))
    return AuditCase(
        case=case,
        events=[told(event, services, who) for event in found],
        proof=_proof(found[-1].index, services),
    )


@router.get("/events/{index}/proof")
def proof(index: Annotated[int, Path(ge=0, le=MOST_EVENTS)], services: Held, who: Auditor, seen: Seen) -> AuditProof:
    """That an event stands in the log under its latest checkpoint."""
    found = _proof(index, services)
    _viewed(services, who, seen, {"view": "proof", "index": index}, events=1)
    return found


@router.post("/export", response_class=FileResponse)
def export_log(body: AuditExportRequest, services: Held, who: Auditor) -> FileResponse:
    """The export folder as a ZIP. The export itself is in the log first, and so in what is exported."""
    _known_person(body.person, services)
    details: dict[str, Json] = {**_times(body.start, body.end), "person": body.person}
    services.audit.commit(act("audit.exported", "success", who.actor, new_id(), details))
    folder = tempfile.TemporaryDirectory(prefix="export-", dir=services.settings.data)
    target, archive = FilePath(folder.name) / "audit-export", FilePath(folder.name) / "audit-export.zip"
    try:
        export(services.audit, target, Selection(start=body.start, end=body.end, person=body.person))
        with ZipFile(archive, "w", ZIP_DEFLATED) as out:
            for file in _files(target):
                out.write(file, file.relative_to(target.parent))
    except OSError as error:
        folder.cleanup()
        raise ExportNotWritten(path=archive, why=error.strerror or error) from error
    except ApplianceError:
        folder.cleanup()
        raise
    return FileResponse(
        archive,
        media_type="application/zip",
        filename="audit-export.zip",
        headers={"cache-control": "no-store"},
        background=BackgroundTask(folder.cleanup),
    )


def _files(folder: FilePath) -> Iterator[FilePath]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


@router.post("/verify")
def verify(services: Held, who: Auditor) -> AuditVerification:
    """Check every stored leaf and text against the signed checkpoint."""
    head = services.audit.reader.head()
    problems = services.audit.check(who.language)
    details: dict[str, Json] = {"size": head.size, "root": head.root.hex(), "problems": len(problems)}
    outcome: Outcome = "failed" if problems else "success"
    services.audit.commit(act("audit.verified", outcome, who.actor, new_id(), details))
    return AuditVerification(verified=not problems, size=head.size, root=head.root.hex(), problems=list(problems))


def _proof(index: int, services: Services) -> AuditProof:
    try:
        found = services.audit.reader.proof(index)
    except ExportRefused:
        head = services.audit.reader.head()
        return AuditProof(index=index, size=head.size, root=head.root.hex(), path=[], verified=False)
    return AuditProof(
        index=index,
        size=found.head.size,
        root=found.head.root.hex(),
        path=[item.hex() for item in found.path],
        verified=True,
    )


def _viewed(services: Services, who: Caller, seen: Views, selected: dict[str, Json], *, events: int) -> None:
    session = who.actor.session
    if not seen.known(session, selected):
        details: dict[str, Json] = {**selected, "events": events}
        services.audit.commit(act("audit.viewed", "success", who.actor, new_id(), details))
        seen.remember(session, selected)


def _times(start: datetime | None, end: datetime | None) -> dict[str, Json]:
    return {"from": start.isoformat() if start else None, "to": end.isoformat() if end else None}


def _known_person(person: str | None, services: Services) -> None:
    """Raise AuditFilterUnknown for somebody not in the directory who never acted: no typed text gets into a leaf."""
    if not person or any(known.principal.id == person for known in services.people.all()):
        return
    if not services.audit.reader.events(EventFilter(actor=person), limit=1):
        raise AuditFilterUnknown(field="person", value=person)


def _known_action(action: str | None, services: Services) -> None:
    """Raise AuditFilterUnknown for an action that neither the catalogue nor the log has."""
    if action and action not in ACTIONS and not services.audit.reader.events(EventFilter(action=action), limit=1):
        raise AuditFilterUnknown(field="action", value=action)
