"""`appliance audit`: show, verify and export the log. Each is itself recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import click

from appliance.api.schemas.audit import AuditCase, AuditCheckpoint, AuditList, AuditVerification
from appliance.audit.texts import NOTE
from appliance.cli import exits
from appliance.cli.command import settings
from appliance.cli.export import write
from appliance.cli.output import as_json, table
from appliance.cli.story import story
from appliance.connect import connect
from appliance.errors.log import REMEDY_EN, REMEDY_JA
from appliance.models import Language
from appliance.visible import visible

KEY_FILE = "keys/audit.key"
_MAX_NOTE = 1 << 20  # bytes
_MOST_SAID = 20
_TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"])
_TEXTS: dict[str, tuple[str, str]] = {
    "since": (
        "The log continues the checkpoint of {size} events in {file} without a change.",
        "{file} の {size} 件時点のチェックポイントから、変更なく続いています。",
    ),
    "missing": (
        "Text {name} of event {index} is missing: the log commits to it.",
        "記録 {index} の本文 {name} が欠落しています（ログにコミットメントがあります）。",
    ),
    "all-missing": (
        "{count} texts are missing. The export says so, and appliance-verify does not accept it as complete. Keep it "
        "as evidence and find out who deleted them.",
        "本文 {count} 件が欠落しています。書き出しにもその旨が記録され、appliance-verify は検証に合格としません。"
        "証拠として保管し、削除した者を確認してください。",
    ),
    "evidence": (
        "The files are secured as they are; this is no export, and it holds what all people asked.",
        "ファイルをそのまま保全しました。これは書き出しではなく、全員の質問の本文を含みます。",
    ),
}


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
@click.option(
    "--since",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that was kept elsewhere: the log must continue it.",
)
@click.option("--json", "as_data", is_flag=True, help="As JSON.")
def verify(since: Path | None, as_data: bool) -> int:
    """Check every stored event and text against the signed checkpoint.

    Ends with 9 where the log is not as it was signed, and with 12 where it is and texts beside it are missing.
    """
    configured = settings()
    kept = None if since is None else since.read_bytes()[:_MAX_NOTE].decode(errors="replace")
    with connect(configured) as api:
        response = api.post("/audit/verify", {"since": kept})
    found = AuditVerification.model_validate_json(response.content)
    if as_data:
        as_json(response.json())
    elif found.verified:
        click.echo(f"{found.size} events, root {found.root}: verified")
        if found.since is not None:
            click.echo(_say("since", configured.language, size=found.since, file=since))
    else:
        for problem in found.problems:
            click.echo(problem, err=True)
        click.echo(REMEDY_JA if configured.language == "ja" else REMEDY_EN, err=True)
    if found.verified:
        return exits.OK
    return exits.TEXTS_MISSING if found.only_missing else exits.NOT_AS_WISHED


@audit.command
def checkpoint() -> None:
    """Print the latest signed checkpoint: kept on another machine, it proves later that nothing was changed."""
    with connect(settings()) as api:
        click.echo(AuditCheckpoint.model_validate_json(api.get("/audit/checkpoint").content).checkpoint, nl=False)


@audit.command
def key() -> None:
    """Print the key that verifies this log. Keep it elsewhere from the installation on; it is no secret."""
    from appliance.audit import keys

    click.echo(keys.load(settings().home / KEY_FILE).verifier.encode())


@audit.command
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A new folder.")
def evidence(out: Path) -> None:
    """Secure a damaged log: copy its files as they are to a folder that is marked as no export.

    The service must be stopped. The folder holds what all people asked.
    """
    from appliance.audit.evidence import secure

    configured = settings()
    log = configured.data / "audit.db"
    problems = secure(log, configured.home / KEY_FILE, out.absolute(), datetime.now(UTC))
    click.echo(str(out.absolute()))
    for problem in problems:
        click.echo(visible(problem), err=True)
    click.echo(_say("evidence", configured.language), err=True)


@audit.command
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A new folder.")
@click.option("--from", "start", type=_TIME, help="Only events from this time.")
@click.option("--to", "end", type=_TIME, help="Only events before this time.")
@click.option("--person", help="Only events of or about this person, by id.")
def export(out: Path, start: datetime | None, end: datetime | None, person: str | None) -> int:
    """Write the log and its events to a folder that `appliance-verify` checks without this installation.

    A selection limits the events that are shown and every text. The folder log/ always holds the leaves of all events
    and all people (ids, groups, times, outcomes; no texts): only the whole log can be verified. Hand it to nobody who
    may not see that. Ends with 12 where texts are missing.
    """
    configured = settings()
    request = {"from": _iso(start), "to": _iso(end), "person": person}
    with connect(configured) as api:
        made = write(out.absolute(), lambda file: api.download("/audit/export", request, file))
    click.echo(str(out.absolute()))
    if made.selected:
        click.echo(NOTE[configured.language], err=True)
    for index, name in made.missing[:_MOST_SAID]:
        click.echo(_say("missing", configured.language, index=index, name=name), err=True)
    if made.missing:
        click.echo(_say("all-missing", configured.language, count=len(made.missing)), err=True)
    return exits.TEXTS_MISSING if made.missing else exits.OK


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone().isoformat() if moment else None


def _say(what: str, language: Language, /, **values: object) -> str:
    return _TEXTS[what][language == "ja"].format(**values)
