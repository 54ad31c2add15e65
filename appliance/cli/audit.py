"""`appliance audit`: show, verify and export the log. Each is itself recorded."""

from __future__ import annotations

import io
import shutil
from datetime import datetime
from pathlib import Path
from urllib.parse import quote
from zipfile import ZipFile

import click

from appliance.api.schemas.audit import AuditCase, AuditList, AuditVerification
from appliance.cli import exits
from appliance.cli.command import settings
from appliance.cli.output import as_json, table
from appliance.cli.story import story
from appliance.connect import connect
from appliance.errors import ExportFolderUsed, ExportNotWritten

_TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"])


@click.group
def audit() -> None:
    """Show, verify and export the audit log."""


@audit.command
@click.argument("case", required=False)
@click.option("--from", "from", type=_TIME, help="Only from this time (local, unless it names a zone).")
@click.option("--to", "to", type=_TIME, help="Only before this time.")
@click.option("--person", help="Only acts of this person, by id.")
@click.option("--action", help="Only this action; infra/reference/audit-actions.md lists them.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="How many events.")
@click.option("--json", "as_data", is_flag=True, help="As JSON.")
def show(case: str | None, limit: int, as_data: bool, **wanted: datetime | str | None) -> None:
    """List events, newest first; with CASE, everything of one question, search or change."""
    configured = settings()
    with connect(configured) as api:
        if case is not None:
            response = api.get(f"/audit/cases/{quote(case, safe='', errors='surrogateescape')}")
        else:
            params = {k: _iso(v) if isinstance(v, datetime) else v for k, v in wanted.items()}
            response = api.get("/audit/events", limit=limit, **{k: text for k, text in params.items() if text})
    if as_data:
        as_json(response.json())
        return
    if case is not None:
        events = AuditCase.model_validate_json(response.content).events
    else:
        events = AuditList.model_validate_json(response.content).events
    rows = [
        (str(row.index), f"{row.time.astimezone():%Y-%m-%d %H:%M:%S}", row.actor_name, row.label, row.outcome, row.case)
        for row in events
    ]
    table(("", "time", "who", "what", "outcome", "case"), rows)
    if case is not None:
        for line in story(events, configured.language):
            click.echo(line)


@audit.command
@click.option("--json", "as_data", is_flag=True, help="As JSON.")
def verify(as_data: bool) -> int:
    """Check every stored event against the signed checkpoint."""
    with connect(settings()) as api:
        response = api.post("/audit/verify", {})
    found = AuditVerification.model_validate_json(response.content)
    if as_data:
        as_json(response.json())
    elif found.verified:
        click.echo(f"{found.size} events, root {found.root}: verified")
    else:
        for problem in found.problems:
            click.echo(problem, err=True)
    return exits.OK if found.verified else exits.NOT_AS_WISHED


@audit.command
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A new folder.")
@click.option("--from", "start", type=_TIME, help="Only events from this time.")
@click.option("--to", "end", type=_TIME, help="Only events before this time.")
@click.option("--person", help="Only acts of this person, by id.")
def export(out: Path, start: datetime | None, end: datetime | None, person: str | None) -> None:
    """Write the log and its events to a folder that `appliance-verify` checks without this installation."""
    out = out.absolute()
    if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise ExportFolderUsed(path=out)
    with connect(settings()) as api:
        response = api.post("/audit/export", {"from": _iso(start), "to": _iso(end), "person": person})
    waiting = out.with_name(f".{out.name}.part")
    try:
        shutil.rmtree(waiting, ignore_errors=True)  # of a run that was killed
        with ZipFile(io.BytesIO(response.content)) as archive:
            archive.extractall(waiting)
        if out.exists():
            out.rmdir()
        (waiting / "audit-export").rename(out)
    except OSError as error:
        raise ExportNotWritten(path=out, why=error.strerror or error) from error
    finally:
        shutil.rmtree(waiting, ignore_errors=True)
    click.echo(str(out))


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone().isoformat() if moment else None
