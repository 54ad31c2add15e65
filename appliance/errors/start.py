"""Settings, start-up and the processes that serve."""

from __future__ import annotations

from appliance.errors.root import ApplianceError, BadInput, Conflict, Denied, Unavailable
from appliance.models import Language


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


class FileNotToml(BadInput):
    """A file of ours that somebody wrote by hand, and that is not TOML. Its line is not shown: it may hold a secret."""

    code = "file-not-toml"
    en = "{path}, line {line} is not TOML ({why}). Correct the line; texts stand in double quotes, lists in [ ]."
    ja = "{path} の {line} 行目は TOML として読み取れません（{why}）。文字列は二重引用符で、一覧は [ ] で囲んで、行を直してください。"


class PeopleInvalid(BadInput):
    """An entry of the demo's directory that cannot be used."""

    code = "people-invalid"
    en = "{path}: {entry}: {key} {why_en}. Correct the entry; infra/reference/people.md lists every key."
    ja = "{path}: {entry}: {key} {why_ja}。直してください（キーの一覧は infra/reference/people.md）。"


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


class HomeOfAnother(Denied):
    """A command run by somebody other than the installation's owner: what it would make, the owner could not use."""

    code = "home-of-another"
    en = "{path} belongs to {owner}, and this command runs as {user}; nothing was opened. Run it as the owner: sudo -u {owner} env APPLIANCE_HOME={path} ..."
    ja = "{path} の所有者は {owner} ですが、このコマンドは {user} として実行されたため、何も開いていません。所有者として実行してください: sudo -u {owner} env APPLIANCE_HOME={path} ..."


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


class StoreNewer(Unavailable):
    """The relational store was written by a later release than this one."""

    code = "store-newer"
    en = "The database {where} was made by a newer release (its schema is {found}, this release knows up to {newest}). Nothing was changed. Install that release or a newer one, or restore the backup taken before the upgrade."
    ja = "データベース {where} は、より新しいリリースで作成されています（スキーマ {found}。このリリースが扱えるのは {newest} まで）。何も変更していません。そのリリース以降をインストールするか、アップグレード前のバックアップを復元してください。"


class NotReady(Unavailable):
    """What anybody is told of an appliance that cannot answer; the cause is its administrators'."""

    code = "not-ready"
    en = "The appliance cannot answer questions now. Its administrator finds the cause with: appliance doctor"
    ja = "現在、質問に回答できません。原因は、管理者が appliance doctor で確認できます。"
