"""The audit log as its auditor reads it: a list, one case as a story, an export, a check. All of it is audited too."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Annotated
from zipfile import ZIP_DEFLATED, ZipFile

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from appliance.actions import ACTIONS
from appliance.api.caller import Auditor, Caller, Held
from appliance.api.schemas.audit import (
    MOST_EVENTS,
    AuditCase,
    AuditCheckpoint,
    AuditExportRequest,
    AuditList,
    AuditProof,
    AuditQuery,
    AuditRow,
    AuditVerification,
    AuditVerifyRequest,
)
from appliance.audit.export import Selection, export
from appliance.audit.reading import EventFilter, LoggedEvent
from appliance.audit.refusal import located, sentence
from appliance.errors import ApplianceError, AuditEventNotFound, AuditUnavailable, ExportNotWritten, ExportRefused
from appliance.models import AuditEvent, Json, new_id
from appliance.visible import one_line, visible
from appliance.wiring import Services

router = APIRouter(prefix="/audit", tags=["audit"])


@router.get("/events")
def events(query: Annotated[AuditQuery, Query()], services: Held, who: Auditor) -> AuditList:
    """Events that match, newest first, without their texts; `before` goes on from an earlier answer."""
    wanted = EventFilter(
        start=query.start, end=query.end, actor=query.person, action=query.action, outcome=query.outcome
    )
    limit = query.limit
    found = services.audit.reader.events(wanted, limit=limit + 1, before=query.before)
    _viewed(services, who, {"events": min(len(found), limit)})
    head = services.audit.reader.head()
    return AuditList(
        events=[_row(event, services, who) for event in found[:limit]],
        size=head.size,
        root=head.root.hex(),
        checkpoint=head.note,
        more=len(found) > limit,
    )


@router.get("/cases/{case}")
def case(case: str, services: Held, who: Auditor) -> AuditCase:
    """All events of a question, search or change, with their texts and the proof of the last."""
    found = services.audit.reader.case(case)
    if not found:
        raise AuditEventNotFound(event=case[:64], last=services.audit.reader.head().size - 1)
    _viewed(services, who, {"case": case})
    return AuditCase(
        case=case,
        events=[_row(event, services, who) for event in found],
        proof=_proof(found[-1].index, services),
    )


@router.get("/events/{index}/proof")
def proof(index: Annotated[int, Path(ge=0, le=MOST_EVENTS)], services: Held, who: Auditor) -> AuditProof:
    """That an event stands in the log under its latest checkpoint."""
    _viewed(services, who, {"proof": index})
    return _proof(index, services)


@router.post("/export", response_class=FileResponse)
def export_log(body: AuditExportRequest, services: Held, who: Auditor) -> FileResponse:
    """The export folder as a ZIP. It is in the log before it is handed out, with how it ended."""
    details: dict[str, Json] = {
        "from": body.start.isoformat() if body.start else None,
        "to": body.end.isoformat() if body.end else None,
        "person": one_line(body.person)[:100] if body.person else None,
    }
    act = AuditEvent("audit.exported", "success", who.actor, new_id(), details)
    folder = tempfile.TemporaryDirectory(prefix="export-", dir=services.settings.data)
    target, archive = FilePath(folder.name) / "audit-export", FilePath(folder.name) / "audit-export.zip"
    try:
        export(services.audit, target, Selection(start=body.start, end=body.end, person=body.person))
        with ZipFile(archive, "w", ZIP_DEFLATED) as out:
            for file in _files(target):
                out.write(file, file.relative_to(target.parent))
        services.audit.commit(act)
    except OSError as error:
        folder.cleanup()
        services.audit.commit(replace(act, outcome="failed"))
        raise ExportNotWritten(path=archive, why=error.strerror or error) from error
    except AuditUnavailable:
        folder.cleanup()
        _record_failure(services, act)
        raise
    except ApplianceError:
        folder.cleanup()
        services.audit.commit(replace(act, outcome="failed"))
        raise
    return FileResponse(
        archive,
        media_type="application/zip",
        filename="audit-export.zip",
        headers={"cache-control": "no-store"},
        background=BackgroundTask(folder.cleanup),
    )


def _record_failure(services: Services, act: AuditEvent) -> None:
    """Where the log itself is what failed, it takes the failure if it can; the first error is the one to be said."""
    with suppress(AuditUnavailable):
        services.audit.commit(replace(act, outcome="failed"))


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
    _viewed(services, who, {"verified": not problems})
    return AuditVerification(
        verified=not problems,
        size=head.size,
        root=head.root.hex(),
        since=since,
        only_missing=bool(problems) and all(found.values["reason"] == "text-missing" for found in problems),
        problems=[sentence(found, who.language) for found in problems],
    )


@router.get("/checkpoint")
def checkpoint(services: Held, who: Auditor) -> AuditCheckpoint:
    """The latest signed checkpoint: kept elsewhere, it proves later that nothing before it was changed."""
    _viewed(services, who, {"checkpoint": services.audit.newest.size})
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


def _viewed(services: Services, who: Caller, details: dict[str, Json]) -> None:
    services.audit.commit(AuditEvent("audit.viewed", "success", who.actor, new_id(), details))


def _row(event: LoggedEvent, services: Services, who: Caller) -> AuditRow:
    action = ACTIONS.get(event.action)
    label = event.action if action is None else (action.ja if who.language == "ja" else action.en)
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
            "actor_name": services.people.name_of(event.actor, who.language),
            "case": event.case,
            "details": dict(event.details),
            "texts": {name: None if text is None else visible(text) for name, text in event.texts.items()},
        }
    )
