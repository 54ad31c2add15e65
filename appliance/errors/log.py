"""The audit log, its export and its verifier."""

from __future__ import annotations

from appliance.errors.root import BadInput, Conflict, NotThere, Unavailable

REMEDY_EN = "Stop the service, keep the files as evidence (`appliance audit evidence --out FOLDER`) and compare them with a checkpoint that was kept outside. Do not put an older backup in their place without writing down who does so, when and why."
REMEDY_JA = "サービスを停止し、ファイルを証拠として保全して（`appliance audit evidence --out フォルダー`）、外部に保管したチェックポイントと照合してください。誰が、いつ、なぜ行うのかを記録せずに、古いバックアップで置き換えないでください。"


class AuditUnavailable(Unavailable):
    """The log cannot be written, so nothing that must be logged happens."""

    code = "audit-unavailable"
    en = "The audit log at {where} cannot be written ({why}), so nothing is answered. Mend the storage, then restart."
    ja = "{where} の監査ログに書き込めないため（{why}）、回答できません。記憶域を直してから再起動してください。"

    def again(self) -> AuditUnavailable:
        """The same error to be raised once more: one that many raise would gather all their tracebacks."""
        return type(self)(**self.values)


class AuditLocked(Unavailable):
    """Another process writes this log; there is one writer."""

    code = "audit-locked"
    en = "The audit log at {where} is in use by another process. Stop it, or talk to the running server instead."
    ja = "{where} の監査ログは別のプロセスが使用中です。そのプロセスを終了するか、動作中のサーバーを使用してください。"


class AuditBroken(AuditUnavailable):
    """What is stored does not match what was signed; nothing is appended to such a log."""

    code = "audit-broken"
    en = (
        "The audit log at {where} does not match what its key signed: {why_en}. Nothing is recorded in it and nothing is answered. "
        + REMEDY_EN
    )
    ja = (
        "{where} の監査ログは、署名された内容と一致しません（{why_ja}）。このログには記録せず、回答もしません。"
        + REMEDY_JA
    )


class AuditExists(Conflict):
    """A log is never created over another one."""

    code = "audit-exists"
    en = "There is an audit log at {where} already. Open it, or name another place; a log is never overwritten."
    ja = "{where} には既に監査ログがあります。そのログを使うか、別の場所を指定してください（上書きはできません）。"


class AuditKeyInvalid(BadInput):
    """A signing or verifier key that cannot be read as one. A signing key is never echoed."""

    code = "audit-key-invalid"
    en = "{where} holds no usable audit key: {why}. Name the key file that belongs to this log."
    ja = "{where} は監査ログの鍵として使えません（{why}）。このログの鍵ファイルを指定してください。"


class AuditEventInvalid(BadInput):
    """A defect in the code that records: details hold ids, numbers and fixed words, never texts."""

    code = "audit-event-invalid"
    en = "Audit event {action}: {field} cannot be recorded: {why}. Texts belong into texts; details hold ids, hashes, numbers and fixed words."
    ja = "監査イベント {action}: {field} は記録できません（{why}）。文章は texts に、details には ID・ハッシュ・数値・定型語だけを入れてください。"


class AuditIdReused(Conflict):
    """An event id that stands in the log with another content."""

    code = "audit-id-reused"
    en = "Audit event {event} is in the log already, with another content. Give every event an id of its own."
    ja = "監査イベント {event} は、別の内容で既に記録されています。イベントごとに新しい ID を使ってください。"


class ExportRefused(BadInput):
    """A part of an export, or of the log itself, that is not what the log's key signed. Made by audit/refusal.py."""

    code = "export-refused"
    en = "{file} is refused: {why_en}. Do not rely on it: keep it as evidence and ask for a new export."
    ja = "{file} は受け入れられません: {why_ja}。内容を信頼せず、証拠として保管し、書き出しをやり直すよう依頼してください。"


class AuditEventNotFound(NotThere):
    """No event with this number or id."""

    code = "audit-event-not-found"
    en = "There is no event {event} in the audit log. Numbers run from 0 to {last}."
    ja = "監査ログに記録 {event} はありません。番号は 0 から {last} までです。"


class AuditFilterUnknown(BadInput):
    """A selection by a person or an action that does not exist: an empty list would look like innocence."""

    code = "audit-filter-unknown"
    en = "The audit log knows no {field} called {value}. Correct it; infra/reference/audit-actions.md lists every action."
    ja = "監査ログに {field} の {value} はありません。指定を確認してください（操作の一覧は infra/reference/audit-actions.md にあります）。"


class ExportFolderUsed(Conflict):
    """An export is written into a new or empty folder only."""

    code = "export-folder-used"
    en = "{path} already exists and is not empty. Name a new folder."
    ja = "{path} は既に存在し、空ではありません。新しいフォルダーを指定してください。"


class SelectionEmpty(BadInput):
    """An export from a time that is not before its end; nothing could be in it."""

    code = "selection-empty"
    en = "No event is from {start} on and before {end}. Give an end that is later than the beginning."
    ja = "{start} 以降かつ {end} より前の記録はあり得ません。終わりには、始まりより後の日時を指定してください。"


class SelectionPersonUnknown(BadInput):
    """An export of somebody whom no event of the log names, so that nothing would be verified as "shown"."""

    code = "selection-person-unknown"
    en = "No event of the log is of or about {person}. Check the id (`appliance audit show` lists the ids of actors with --json)."
    ja = "{person} が行った記録も、{person} に関する記録も、ログにありません。ID を確かめてください（`appliance audit show --json` で ID を確認できます）。"


class VerifierInputUnusable(BadInput):
    """A folder, key or checkpoint that `appliance-verify` was given and cannot read."""

    code = "verifier-input-unusable"
    en = "{file} cannot be read: {why}. Name the folder of an export, and files that exist."
    ja = "{file} を読み取れません（{why}）。書き出しのフォルダーと、実在するファイルを指定してください。"


class ExportNotWritten(Unavailable):
    """The export could not be written; nothing of it was left."""

    code = "export-not-written"
    en = "The export could not be written to {path} ({why}); nothing was left behind. Name a folder on a disk with space and write access."
    ja = "{path} に書き出せませんでした（{why}）。途中のファイルは残っていません。空きがあり書き込めるフォルダーを指定してください。"
