"""The audit log as its auditor reads it: a list, one case as a story, an export, a check. All of it is audited too."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import replace
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
    AuditCheckpoint,
    AuditExportRequest,
    AuditList,
    AuditProof,
    AuditQuery,
    AuditVerification,
    AuditVerifyRequest,
)
from appliance.audit.export import Selection, export
from appliance.audit.reading import EventFilter
from appliance.audit.refusal import located, sentence
from appliance.errors import (
    ApplianceError,
    AuditEventNotFound,
    AuditFilterUnknown,
    AuditUnavailable,
    ExportNotWritten,
    ExportRefused,
)
from appliance.models import AuditEvent, Json, Outcome, new_id
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
    """The export folder as a ZIP. It is in the log before it is handed out, with how it ended."""
    _known_person(body.person, services)
    details: dict[str, Json] = {**_times(body.start, body.end), "person": body.person}
    event = act("audit.exported", "success", who.actor, new_id(), details)
    folder = tempfile.TemporaryDirectory(prefix="export-", dir=services.settings.data)
    target, archive = FilePath(folder.name) / "audit-export", FilePath(folder.name) / "audit-export.zip"
    try:
        export(services.audit, target, Selection(start=body.start, end=body.end, person=body.person))
        with ZipFile(archive, "w", ZIP_DEFLATED) as out:
            for file in _files(target):
                out.write(file, file.relative_to(target.parent))
        services.audit.commit(event)
    except OSError as error:
        folder.cleanup()
        _failed(services, who, event)
        raise ExportNotWritten(path=archive, why=error.strerror or error) from error
    except ApplianceError as error:
        folder.cleanup()
        # Where the log itself is what failed, it takes the failure if it can; the first error is the one to be said.
        with suppress(AuditUnavailable) if isinstance(error, AuditUnavailable) else nullcontext():
            _failed(services, who, event)
        raise
    return FileResponse(
        archive,
        media_type="application/zip",
        filename="audit-export.zip",
        headers={"cache-control": "no-store"},
        background=BackgroundTask(folder.cleanup),
    )


def _failed(services: Services, who: Caller, event: AuditEvent) -> None:
    services.audit.commit(replace(event, outcome="failed"))
    who.asked.recorded = True


def _files(folder: FilePath) -> Iterator[FilePath]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


@router.post("/verify")
def verify(services: Held, who: Auditor, body: AuditVerifyRequest | None = None) -> AuditVerification:
    """Check every stored leaf and text against the signed checkpoint, and against one that was kept earlier."""
    head = services.audit.reader.head()
    problems = list(services.audit.problems())
    since = None
    if body is not None and body.since is not None:
        try:
            since = services.audit.reader.continues(body.since.encode(errors="replace"))
        except ExportRefused as error:
            problems.insert(0, located(error, "since"))
    details: dict[str, Json] = {"size": head.size, "root": head.root.hex(), "problems": len(problems), "since": since}
    outcome: Outcome = "failed" if problems else "success"
    services.audit.commit(act("audit.verified", outcome, who.actor, new_id(), details))
    return AuditVerification(
        verified=not problems,
        size=head.size,
        root=head.root.hex(),
        since=since,
        only_missing=bool(problems) and all(found.values["reason"] == "text-missing" for found in problems),
        problems=[sentence(found, who.language) for found in problems],
    )


@router.get("/checkpoint")
def checkpoint(services: Held, who: Auditor, seen: Seen) -> AuditCheckpoint:
    """The latest signed checkpoint: kept elsewhere, it proves later that nothing before it was changed."""
    _viewed(services, who, seen, {"view": "checkpoint"}, events=0)
    return AuditCheckpoint(checkpoint=services.audit.reader.head().note, key=services.audit.key.encode())


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
