"""`appliance audit`: show, verify and export the log. Each is itself recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import click

from appliance.api.schemas.audit import AuditCase, AuditCheckpoint, AuditList, AuditRow, AuditVerification
from appliance.audit.texts import NOTE
from appliance.cli import exits
from appliance.cli.command import settings
from appliance.cli.export import write
from appliance.cli.output import AS_JSON, as_json, table
from appliance.cli.spoken import argument, group, option
from appliance.cli.story import story
from appliance.connect import connect
from appliance.errors.log import REMEDY_EN, REMEDY_JA
from appliance.visible import visible
from appliance.words import Words

KEY_FILE = "keys/audit.key"
_MAX_NOTE = 1 << 20  # bytes
_MOST_SAID = 20
_TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"])
_SINCE = Words(
    ja="{file} の {size} 件時点のチェックポイントから、変更なく続いています。",
    en="The log continues the checkpoint of {size} events in {file} without a change.",
)
_VERIFIED = Words(
    ja="記録 {size} 件を検証しました。すべて署名付きチェックポイントと一致します。ルートハッシュ {root}",
    en="{size} events, root {root}: verified",
)
_MISSING = Words(
    ja="記録 {index} の本文 {name} が欠落しています（ログにコミットメントがあります）。",
    en="Text {name} of event {index} is missing: the log commits to it.",
)
_ALL_MISSING = Words(
    ja="本文 {count} 件が欠落しています。書き出しにもその旨が記録され、appliance-verify は検証に合格としません。"
    "証拠として保管し、削除した者を確認してください。",
    en="{count} texts are missing. The export says so, and appliance-verify does not accept it as complete. Keep it "
    "as evidence and find out who deleted them.",
)
_EVIDENCE = Words(
    ja="ファイルをそのまま保全しました。これは書き出しではなく、全員の質問の本文を含みます。",
    en="The files are secured as they are; this is no export, and it holds what all people asked.",
)
_HEAD = (
    "",
    Words(ja="時刻", en="time"),
    Words(ja="利用者", en="who"),
    Words(ja="操作", en="what"),
    Words(ja="結果", en="outcome"),
    Words(ja="照会番号", en="case"),
)
_OUTCOMES = {
    "success": Words(ja="成功", en="success"),
    "denied": Words(ja="拒否", en="denied"),
    "failed": Words(ja="失敗", en="failed"),
    "aborted": Words(ja="中断", en="aborted"),
}
_OUT = Words(ja="新しいフォルダー。", en="A new folder.")


@group(ja="監査ログを表示、検証、書き出しします。")
def audit() -> None:
    """Show, verify and export the audit log."""


@audit.command(
    ja="記録を新しい順に表示します。照会番号 CASE を指定すると、一つの質問、検索、変更のすべての記録を表示します。"
)
@argument("case", required=False, help=Words(ja="照会番号。", en="A case: of a question, search or change."))
@option(
    "--from",
    "from",
    type=_TIME,
    help=Words(
        ja="この時刻以降の記録に限ります（時間帯の指定がなければ、このコンピューターの時刻）。",
        en="Only from this time (local, unless it names a zone).",
    ),
)
@option("--to", "to", type=_TIME, help=Words(ja="この時刻より前の記録に限ります。", en="Only before this time."))
@option("--person", help=Words(ja="この利用者（ID）の操作に限ります。", en="Only acts of this person, by id."))
@option(
    "--action",
    help=Words(
        ja="この操作に限ります。一覧は infra/reference/audit-actions.md にあります。",
        en="Only this action; infra/reference/audit-actions.md lists them.",
    ),
)
@option(
    "--limit",
    type=click.IntRange(1, 500),
    default=50,
    show_default=True,
    help=Words(ja="表示する件数。", en="How many events."),
)
@option("--json", "as_data", is_flag=True, help=AS_JSON)
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
    table(_HEAD, [_cells(row) for row in events])
    if case is not None:
        for line in story(events, configured.language):
            click.echo(line)


@audit.command(
    ja="""保存されているすべての記録と本文を、署名付きチェックポイントと照合します。

    終了コードは、ログが署名と一致しないとき 9、ログは一致し本文が欠落しているとき 12 です。
    """
)
@option(
    "--since",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=Words(
        ja="別の場所に保管したチェックポイント。ログがその続きであることを確かめます。",
        en="A checkpoint that was kept elsewhere: the log must continue it.",
    ),
)
@option("--json", "as_data", is_flag=True, help=AS_JSON)
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
        click.echo(_VERIFIED.text(configured.language, size=found.size, root=found.root))
        if found.since is not None:
            click.echo(_SINCE.text(configured.language, size=found.since, file=since))
    else:
        for problem in found.problems:
            click.echo(problem, err=True)
        click.echo(REMEDY_JA if configured.language == "ja" else REMEDY_EN, err=True)
    if found.verified:
        return exits.OK
    return exits.TEXTS_MISSING if found.only_missing else exits.NOT_AS_WISHED


@audit.command(
    ja="最新の署名付きチェックポイントを表示します。別のコンピューターに保管すると、後から変更がないことを確かめられます。"
)
def checkpoint() -> None:
    """Print the latest signed checkpoint: kept on another machine, it proves later that nothing was changed."""
    with connect(settings()) as api:
        click.echo(AuditCheckpoint.model_validate_json(api.get("/audit/checkpoint").content).checkpoint, nl=False)


@audit.command(ja="このログを検証する公開鍵を表示します。導入時から別の場所に保管してください。秘密ではありません。")
def key() -> None:
    """Print the key that verifies this log. Keep it elsewhere from the installation on; it is no secret."""
    from appliance.audit import keys

    click.echo(keys.load(settings().home / KEY_FILE).verifier.encode())


@audit.command(
    ja="""損なわれたログを証拠として保全します。ファイルをそのまま、書き出しではないと分かるフォルダーに複製します。

    サービスを停止してから実行してください。フォルダーには全員の質問の本文が含まれます。
    """
)
@option("--out", type=click.Path(path_type=Path), required=True, help=_OUT)
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
    click.echo(_EVIDENCE.text(configured.language), err=True)


@audit.command(
    ja="""ログと記録をフォルダーに書き出します。`appliance-verify` は、この環境がなくてもそれを検証します。

    範囲を指定すると、表示される記録と本文だけが限られます。フォルダー log/ には、常に全員のすべての記録の葉（ID、
    グループ、時刻、結果。本文は含みません）が入ります。ログは全体でしか検証できないためです。それを見てはならない人に
    渡さないでください。本文が欠落しているときの終了コードは 12 です。
    """
)
@option("--out", type=click.Path(path_type=Path), required=True, help=_OUT)
@option("--from", "start", type=_TIME, help=Words(ja="この時刻以降の記録。", en="Only events from this time."))
@option("--to", "end", type=_TIME, help=Words(ja="この時刻より前の記録。", en="Only events before this time."))
@option(
    "--person",
    help=Words(ja="この利用者（ID）の、または利用者に関する記録。", en="Only events of or about this person, by id."),
)
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
        click.echo(_MISSING.text(configured.language, index=index, name=name), err=True)
    if made.missing:
        click.echo(_ALL_MISSING.text(configured.language, count=len(made.missing)), err=True)
    return exits.TEXTS_MISSING if made.missing else exits.OK


def _cells(row: AuditRow) -> tuple[str | Words, ...]:
    time = f"{row.time.astimezone():%Y-%m-%d %H:%M:%S}"
    return str(row.index), time, row.actor_name, row.label, _OUTCOMES[row.outcome], row.case


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone().isoformat() if moment else None
