"""Everything that is raised on purpose: one root, a stable code, what happened with the value, and the remedy.

    ApplianceError
    ├── BadInput            the caller can mend it
    ├── Denied              who asks may not, or is not signed in
    ├── NotThere            it does not exist, or must not be seen to exist
    ├── Conflict            it would contradict what is stored
    └── Unavailable         a part of the appliance cannot work now

A concrete error gives `code`, an English and a Japanese sentence with named fields, and nothing else. HTTP statuses and
exit codes stand in one table per edge (`api/problems.py`, `cli/exits.py`), by family.
"""

from __future__ import annotations

from typing import ClassVar

from appliance.models import Language
from appliance.visible import visible

REGISTERED: dict[str, type[ApplianceError]] = {}
_LONGEST = 2000  # characters of a value


class ApplianceError(Exception):
    """The root. `values` fill the fields of the sentences; control characters in them are made visible."""

    code: ClassVar[str] = ""
    en: ClassVar[str] = ""
    ja: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        if cls.code:
            if cls.code in REGISTERED:
                raise TypeError(f"two errors share the code {cls.code}")
            REGISTERED[cls.code] = cls

    def __init__(self, **values: object) -> None:
        self.values = {name: _shortened(visible(str(value))) for name, value in values.items()}
        super().__init__(self.text("en"))

    def text(self, language: Language) -> str:
        """One sentence, with the offending value and the remedy, in the language given."""
        return (self.ja if language == "ja" else self.en).format(**self.values)


def own_cause(error: BaseException) -> ApplianceError | None:
    """What of ours a framework wrapped into an error of its own, if anything."""
    inner = error.__cause__
    while inner is not None and not isinstance(inner, ApplianceError):
        inner = inner.__cause__
    return inner


def _shortened(value: str) -> str:
    """A value as a sentence can carry it: what was sent may have millions of characters."""
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"


class BadInput(ApplianceError):
    """What was given cannot be used; the sentence says how to mend it."""


class Denied(ApplianceError):
    """Who asks may not do this, or is not signed in."""


class NotThere(ApplianceError):
    """It does not exist, or must look so to whoever asks."""


class Conflict(ApplianceError):
    """It would contradict what is stored."""


class Unavailable(ApplianceError):
    """A part of the appliance cannot work now; nothing was lost."""


class InternalError(Unavailable):
    """Raised only at an edge, for a defect of ours that was logged."""

    code = "internal"
    en = "Something went wrong inside the appliance. The operator finds the cause in its log under {reference}."
    ja = "システム内部で問題が発生しました。原因は運用担当者がログ（照会番号 {reference}）で確認できます。"


# --- settings and start-up -------------------------------------------------------------------------------------------


class SettingUnknown(BadInput):
    """A key in the settings file or an APPLIANCE_ variable that no setting has."""

    code = "setting-unknown"
    en = "{where}: there is no setting {key}. Remove it, or correct the name; infra/reference/settings.md lists them all."
    ja = "{where}: 設定 {key} はありません。削除するか、名前を直してください（一覧は infra/reference/settings.md）。"


class SettingInvalid(BadInput):
    """A setting whose value cannot be used. A secret's value is never echoed."""

    code = "setting-invalid"
    en = "{where}: {key} cannot be {value}: {why}. Correct the value."
    ja = "{where}: {key} に {value} は使えません（{why}）。値を直してください。"


class SettingsRefused(BadInput):
    """Every fault of the settings at once, a line each."""

    code = "settings-refused"
    en = "{faults}"
    ja = "{faults}"

    def __init__(self, faults: list[ApplianceError]) -> None:
        self.faults = tuple(faults)
        super().__init__(faults="")

    def text(self, language: Language) -> str:
        """One line a fault."""
        return "\n".join(fault.text(language) for fault in self.faults)


class FolderOpenToOthers(BadInput):
    """APPLIANCE_HOME or a key that others may read."""

    code = "folder-open-to-others"
    en = "{path} may be read by others (mode {mode}). Run: chmod {wanted} {path}"
    ja = "{path} は他の利用者からも読めます（モード {mode}）。chmod {wanted} {path} を実行してください。"


class HomeMissing(BadInput):
    """No installation at APPLIANCE_HOME."""

    code = "home-missing"
    en = "There is no appliance at {path}. Set APPLIANCE_HOME to its folder, or make one with: appliance init"
    ja = "{path} にはこの製品のデータがありません。APPLIANCE_HOME を正しいフォルダーにするか、appliance init で作成してください。"


class HomeUsed(Conflict):
    """There is an installation already."""

    code = "home-used"
    en = "There is an appliance at {path} already. Use it, or name another folder in APPLIANCE_HOME."
    ja = (
        "{path} には既にこの製品のデータがあります。そのまま使うか、APPLIANCE_HOME に別のフォルダーを指定してください。"
    )


class HomeNotEmpty(Conflict):
    """A folder that holds something else: `init` takes its rights away from others, so it must be ours alone."""

    code = "home-not-empty"
    en = "{path} is not empty ({found}). Name a new or an empty folder in APPLIANCE_HOME."
    ja = "{path} は空ではありません（{found}）。APPLIANCE_HOME に新しいフォルダーか空のフォルダーを指定してください。"


class HomeUnusable(Unavailable):
    """The folder of an installation cannot be made, read or written."""

    code = "home-unusable"
    en = "{path} cannot be used ({why}). Check the folder's owner and the disk, or name another one in APPLIANCE_HOME."
    ja = "{path} を使用できません（{why}）。所有者とディスクを確認するか、APPLIANCE_HOME に別のフォルダーを指定してください。"


class DemoIdentityNotLocal(BadInput):
    """The demo's sign-in page on an address that others can reach."""

    code = "demo-identity-not-local"
    en = "The demo's people may sign in without a password, so they are served on a loopback address only, not on {host}. Set host to 127.0.0.1, or use another identity."
    ja = "デモの利用者はパスワードなしでサインインできるため、{host} では公開できません。host を 127.0.0.1 にするか、別の identity を設定してください。"


class PortTaken(Unavailable):
    """Another process listens on the port."""

    code = "port-taken"
    en = "Port {port} on {host} is in use by another process. Stop that process, or set another port."
    ja = "{host} のポート {port} は別のプロセスが使用中です。そのプロセスを終了するか、別の port を設定してください。"


class AddressUnusable(Unavailable):
    """The system does not let us listen on this address."""

    code = "address-unusable"
    en = "Port {port} on {host} cannot be listened on ({why}). Set another host or port."
    ja = "{host} のポート {port} では待ち受けできません（{why}）。別の host か port を設定してください。"


class ServerUnreachable(Unavailable):
    """The process that serves this installation does not answer."""

    code = "server-unreachable"
    en = "The appliance does not answer ({why}). See whether its service runs, then run the command again."
    ja = "システムが応答しません（{why}）。サービスが動いているか確認し、もう一度実行してください。"


class CpuUnsupported(Unavailable):
    """The packaged embedder needs AVX2."""

    code = "cpu-unsupported"
    en = "This processor ({cpu}) has no AVX2, which the packaged embedder needs. Use a processor with AVX2."
    ja = "このプロセッサー（{cpu}）には、同梱の埋め込みモデルに必要な AVX2 がありません。AVX2 対応のプロセッサーを使用してください。"


class StoreUnavailable(Unavailable):
    """The relational store cannot be opened or written."""

    code = "store-unavailable"
    en = "The database {where} cannot be used: {why}. Check the disk and the file's owner, then run the command again."
    ja = "データベース {where} が使えません（{why}）。ディスクとファイルの所有者を確認し、もう一度実行してください。"


# --- people ----------------------------------------------------------------------------------------------------------


class SignInNeeded(Denied):
    """No session, or one that has ended."""

    code = "sign-in-needed"
    en = "You are not signed in, or your session has ended. Sign in again."
    ja = "サインインしていないか、セッションが終了しています。もう一度サインインしてください。"


class PersonUnknown(Denied):
    """A name that the identity in use does not know."""

    code = "person-unknown"
    en = "Nobody is called {name} here. Names: {names}."
    ja = "{name} という利用者はいません。使える名前: {names}。"


class RoleNeeded(Denied):
    """A signed-in person without the role for this."""

    code = "role-needed"
    en = "This needs the role {role}. Ask an administrator for it."
    ja = "この操作には役割 {role} が必要です。管理者に依頼してください。"


class OriginRefused(Denied):
    """A request whose Host or Origin is not exactly ours."""

    code = "origin-refused"
    en = "The request came under the name {name}, which is not this appliance's address. Open {address} instead."
    ja = "{name} は、このシステムのアドレスではありません。{address} を開いてください。"


class PeerRefused(Denied):
    """Another operating-system user on the private socket."""

    code = "peer-refused"
    en = "The private socket serves its installation's owner only, not the user with uid {uid}. Run the command as the owner."
    ja = (
        "専用ソケットは所有者だけが使用できます（uid {uid} は使用できません）。所有者としてコマンドを実行してください。"
    )


# --- documents and access --------------------------------------------------------------------------------------------


class DocumentNotFound(NotThere):
    """No such document for this person; the same words whether it is hidden or absent."""

    code = "document-not-found"
    en = "There is no document {document} among those you may see."
    ja = "閲覧できる文書の中に {document} はありません。"


class PartNotFound(NotThere):
    """A page, section or picture that the version does not have."""

    code = "part-not-found"
    en = "Document {document} has no page or section {part} in this version."
    ja = "文書 {document} のこの版に、{part} ページ（節）はありません。"


class ConversationNotFound(NotThere):
    """No such conversation of this person's."""

    code = "conversation-not-found"
    en = "There is no conversation {conversation} of yours."
    ja = "会話 {conversation} は見つかりません。"


class GroupUnknown(BadInput):
    """A group name that the identity in use does not know."""

    code = "group-unknown"
    en = "{where}: there is no group called {group}. Groups: {groups}."
    ja = "{where}: グループ {group} はありません。使えるグループ: {groups}。"


class AccessListMissing(BadInput):
    """A document or collection without any group: nobody could see it, so it is not taken in."""

    code = "access-list-missing"
    en = "{where}: no group may see this. Name at least one under groups; without an access list nothing is taken in."
    ja = "{where}: 閲覧できるグループが指定されていません。groups に 1 つ以上指定してください（閲覧範囲のない文書は取り込めません）。"


class DocumentInvalid(BadInput):
    """A document as sent to the API that contradicts itself."""

    code = "document-invalid"
    en = "{document}: {why}. Nothing was stored; convert and send the document again."
    ja = "{document}: {why}。何も保存されていません。変換し直して送信してください。"


class DiskFull(Unavailable):
    """No space while storing; what was half-written was removed."""

    code = "disk-full"
    en = "The disk of {path} is full; {document} was not stored. Free space and run the command again."
    ja = "{path} のディスクに空きがないため、{document} は保存されていません。空きを作り、もう一度実行してください。"


# --- questions -------------------------------------------------------------------------------------------------------


class QuestionEmpty(BadInput):
    """A question without a visible character."""

    code = "question-empty"
    en = "The question is empty. Type what you want to know."
    ja = "質問が空です。知りたいことを入力してください。"


class QuestionTooLong(BadInput):
    """A question over the limit."""

    code = "question-too-long"
    en = "The question has {length} characters; at most {limit} are accepted. Shorten it."
    ja = "質問が {length} 文字あります。{limit} 文字以内に短くしてください。"


class RequestInvalid(BadInput):
    """A request to the API whose shape is wrong."""

    code = "request-invalid"
    en = "The request's field {field} is not usable: {why}. Correct it; /api/openapi.json describes every request."
    ja = "リクエストの項目 {field} が正しくありません（{why}）。/api/openapi.json の定義に従って直してください。"


class RequestTooLarge(BadInput):
    """A body over the limit: it is neither read nor kept."""

    code = "request-too-large"
    en = "The request has more than the {limit} bytes that are accepted here. Send less."
    ja = "リクエストが上限の {limit} バイトを超えています。小さくして送信してください。"


class RouteUnknown(NotThere):
    """Nothing is served under this path."""

    code = "route-unknown"
    en = "There is nothing at {path}; /api/openapi.json describes every request."
    ja = "{path} には何もありません。リクエストの一覧は /api/openapi.json にあります。"


class MethodRefused(BadInput):
    """A path that exists, with a method that it does not take."""

    code = "method-refused"
    en = "{path} does not take {method}; /api/openapi.json describes every request."
    ja = "{path} は {method} を受け付けません。リクエストの一覧は /api/openapi.json にあります。"


# --- index and embedder ----------------------------------------------------------------------------------------------


class IndexUnavailable(Unavailable):
    """The engine failed or cannot be reached."""

    code = "index-unavailable"
    en = "The index at {where} cannot be used: {why}. Run: appliance doctor"
    ja = "{where} の索引が使えません（{why}）。appliance doctor を実行してください。"


class IndexLocked(Unavailable):
    """Another process owns the index."""

    code = "index-locked"
    en = "The index at {where} is in use by another process. Stop it, or talk to the running server instead."
    ja = "{where} の索引は別のプロセスが使用中です。そのプロセスを終了するか、動作中のサーバーを使用してください。"


class EmbedderMismatch(Conflict):
    """The collection was made by another embedder."""

    code = "embedder-mismatch"
    en = "The collection was made with the embedder {stored}, and {given} is set. Set {stored} again, or ingest everything into a new APPLIANCE_HOME."
    ja = "この索引は埋め込みモデル {stored} で作成されていますが、設定は {given} です。{stored} に戻すか、新しい APPLIANCE_HOME に取り込み直してください。"


class EmbedderAltered(Unavailable):
    """The embedder's weights are missing or not the file that was checked when this release was made."""

    code = "embedder-altered"
    en = "The embedding model at {path} is not the expected file ({found} instead of {expected}). Install the release again from its bundle."
    ja = "{path} の埋め込みモデルが想定と異なります（{expected} のはずが {found} です）。配布物からインストールし直してください。"


class PassageUnusable(BadInput):
    """A text that the embedder cannot turn into a vector as a whole."""

    code = "passage-unusable"
    en = "Text {number} of the batch cannot be embedded: {why_en}. Split the document again."
    ja = "{number} 番目のテキストは埋め込めません（{why_ja}）。文書を分割し直してください。"


class InvalidVector(BadInput):
    """A vector that is not finite or has the wrong size."""

    code = "invalid-vector"
    en = "Chunk {chunk}: {why}. Nothing of this batch was stored; embed the document again."
    ja = "断片 {chunk}: {why}。このまとまりは保存されていません。文書を埋め込み直してください。"


# --- audit -----------------------------------------------------------------------------------------------------------


class AuditUnavailable(Unavailable):
    """The log cannot be written, so nothing that must be logged happens."""

    code = "audit-unavailable"
    en = "The audit log at {where} cannot be written ({why}), so nothing is answered. Mend the storage, then restart."
    ja = "{where} の監査ログに書き込めないため（{why}）、回答できません。記憶域を直してから再起動してください。"


class AuditLocked(Unavailable):
    """Another process writes this log; there is one writer."""

    code = "audit-locked"
    en = "The audit log at {where} is in use by another process. Stop it, or talk to the running server instead."
    ja = "{where} の監査ログは別のプロセスが使用中です。そのプロセスを終了するか、動作中のサーバーを使用してください。"


class AuditBroken(Unavailable):
    """What is stored does not match the last signed checkpoint; nothing is appended to such a log."""

    code = "audit-broken"
    en = "The audit log at {where} does not match its last signed checkpoint: {why_en}. Keep the files as evidence and restore the last backup."
    ja = "{where} の監査ログは、最後に署名されたチェックポイントと一致しません（{why_ja}）。ファイルを証拠として保管し、最新のバックアップから復元してください。"


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


class ExportFolderUsed(Conflict):
    """An export is written into a new or empty folder only."""

    code = "export-folder-used"
    en = "{path} already exists and is not empty. Name a new folder."
    ja = "{path} は既に存在し、空ではありません。新しいフォルダーを指定してください。"


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


# --- portal ----------------------------------------------------------------------------------------------------------


class ApiProblem(ApplianceError):
    """A refusal that the API sent to a client of ours: its own code, and its sentence in the caller's language."""

    code = "api-problem"
    en = "{message}"
    ja = "{message}"

    def __init__(self, *, code: str, message: str) -> None:
        self.refused = code
        self.message = visible(message)
        super().__init__(code=code, message=message)

    def text(self, language: Language) -> str:
        """The sentence as it came: the API wrote it in the caller's language."""
        return self.message

    @property
    def kind(self) -> type[ApplianceError]:
        """The error that the API raised; this class where its code is not known here."""
        return REGISTERED.get(self.refused, ApiProblem)


class ApiUnreachable(Unavailable):
    """The API did not answer, or broke off in the middle."""

    code = "api-unreachable"
    en = "The appliance at {where} does not answer ({why}). Try again; if it stays so, tell the operator."
    ja = "{where} のシステムから応答がありません（{why}）。もう一度お試しください。続く場合は運用担当者に連絡してください。"


class PortalNotBound(Unavailable):
    """The page script was started by something other than the portal's own server."""

    code = "portal-not-bound"
    en = "The portal's page was started without its server. Start it with: portal"
    ja = "ポータルのページが単独で起動されました。portal コマンドで起動してください。"


class StreamlitChanged(Unavailable):
    """The installed Streamlit's page is not the one that our security policy was made for."""

    code = "streamlit-changed"
    en = "The page of Streamlit {version} has no {missing}, so the portal is not started. Install the Streamlit that this release locks."
    ja = "Streamlit {version} のページに {missing} がないため、ポータルを起動しません。このリリースで固定されている版を導入してください。"
