"""What can be wrong with a `collection.toml`: each sentence names the file, the key, the value and the remedy.

    BadInput
    ├── ManifestMissing, ManifestUnreadable, ManifestEncoding, ManifestSyntax     the file as a whole
    ├── ManifestKeyUnknown, ManifestKeyMisspelt, ManifestKeyMissing               its keys
    ├── ManifestTypeWrong, ManifestWordUnknown, ManifestPathInvalid,
    │   ManifestOverrideWrong                                                     their values
    ├── OverrideUnmatched                                                         what they mean in the folder
    ├── ManifestDateOutOfRange, ManifestDatesCrossed                              dates
    ├── ManifestGroupAmbiguous, ManifestGroupContradiction                        groups
    └── ManifestInvalid                                                           several of these at once

With `AccessListMissing` and `GroupUnknown` of `appliance.errors`, which the API raises too.
"""

from __future__ import annotations

from collections.abc import Sequence

from appliance.errors import ApplianceError, BadInput
from appliance.models import Language


class ManifestMissing(BadInput):
    """A folder without a manifest. The sentence carries a whole minimal manifest to copy."""

    code = "manifest-missing"
    en = "{path} does not exist: without an access list nothing is taken in. Create it, for example with:\n\n{example}"
    ja = "{path} がありません。閲覧範囲の指定がない文書は取り込めません。次の例を参考に作成してください。\n\n{example}"


class ManifestUnreadable(BadInput):
    """A manifest that is there and cannot be read, is not a plain file, or is far too large."""

    code = "manifest-unreadable"
    en = "{path} cannot be read ({why}), so nothing was taken in. It must be a plain file of at most {limit} bytes that this user may read."
    ja = "{path} を読み取れないため（{why}）、何も取り込んでいません。この利用者が読める {limit} バイト以下の通常のファイルにしてください。"


class ManifestEncoding(BadInput):
    """A manifest in an encoding other than UTF-8, as an older editor saves it."""

    code = "manifest-encoding"
    en = "{path}: byte {position} is not UTF-8. Save the file as UTF-8."
    ja = "{path}: {position} バイト目が UTF-8 ではありません。ファイルを UTF-8 で保存し直してください。"


class ManifestSyntax(BadInput):
    """A manifest that is not TOML."""

    code = "manifest-syntax"
    en = (
        "{path}, line {line}: {text} is not TOML ({why}). Correct the line; texts stand in double quotes, lists in [ ]."
    )
    ja = "{path} の {line} 行目: {text} は TOML として読み取れません（{why}）。文字列は二重引用符で、一覧は [ ] で囲んで、行を直してください。"


class ManifestKeyUnknown(BadInput):
    """A key that no manifest has, and that resembles none."""

    code = "manifest-key-unknown"
    en = "{where}: there is no key {key} (its value is {value}). Remove it, or use one of: {keys}."
    ja = "{where}: キー {key}（値 {value}）はありません。削除するか、次のいずれかに直してください: {keys}。"


class ManifestKeyMisspelt(BadInput):
    """A key that no manifest has, close to one that exists."""

    code = "manifest-key-misspelt"
    en = "{where}: there is no key {key} (its value is {value}). Did you mean {near}? Correct the name."
    ja = "{where}: キー {key}（値 {value}）はありません。{near} の誤りではありませんか。名前を直してください。"


class ManifestKeyMissing(BadInput):
    """A key without which a manifest decides nothing."""

    code = "manifest-key-missing"
    en = "{where}: {key} is missing. Add it, for example: {key} = {example}"
    ja = "{where}: {key} がありません。次の例のように追加してください: {key} = {example}"


class ManifestTypeWrong(BadInput):
    """A value of the wrong kind."""

    code = "manifest-type-wrong"
    en = "{where}: {key} cannot be {value}. Write it like this: {key} = {example}"
    ja = "{where}: {key} に {value} は使えません。次の例のように書いてください: {key} = {example}"


class ManifestWordUnknown(BadInput):
    """A word that is not on the key's list."""

    code = "manifest-word-unknown"
    en = "{where}: {key} cannot be {value}. Use one of: {words}."
    ja = "{where}: {key} に {value} は使えません。次のいずれかに直してください: {words}。"


class ManifestPathInvalid(BadInput):
    """An override's path that could match nothing."""

    code = "manifest-path-invalid"
    en = "{where}: path {value} can match no document. Write it relative to the folder of the manifest, with / between the names and without . and .., for example: path = {example}"
    ja = "{where}: path {value} に一致する文書はありえません。このファイルのあるフォルダーからの相対パスを、/ で区切り、. や .. を使わずに書いてください。例: path = {example}"


class ManifestOverrideWrong(BadInput):
    """`override` written as something other than tables."""

    code = "manifest-override-wrong"
    en = "{where}: override cannot be {value}. Begin each override with a line of its own: [[override]]"
    ja = "{where}: override に {value} は使えません。上書きはそれぞれ [[override]] という行で始めてください。"


class OverrideUnmatched(BadInput):
    """An override that matches no file: where it was mistyped, its documents would be open to the wider rule."""

    code = "override-unmatched"
    en = "{where}: the [[override]] with path = {pattern} matches no file, so whatever it should restrict would be open to everybody whom the rules above admit. Correct the path (case counts; near it: {near}), or, where no such file need exist, add to it: optional = true"
    ja = "{where}: [[override]] の path = {pattern} に一致するファイルがありません。制限するはずの文書が、上の設定どおりに公開されるおそれがあります。path を直すか（大文字と小文字は区別します。近い名前: {near}）、該当するファイルがなくてよい場合は、その [[override]] に optional = true を追加してください。"


class ManifestDateOutOfRange(BadInput):
    """A date that no calendar of ours reaches, often written to say "for ever"."""

    code = "manifest-date-out-of-range"
    en = "{where}: {key} cannot be {value}. Use a date between 1900-01-01 and 9000-12-31, or leave {key} out for no limit."
    ja = "{where}: {key} に {value} は使えません。1900-01-01 から 9000-12-31 までの日付にするか、期限がなければ {key} を削除してください。"


class ManifestDatesCrossed(BadInput):
    """A validity that ends before it begins: nobody could ever see the document."""

    code = "manifest-dates-crossed"
    en = "{where}: valid_until {end} is not after valid_from {start}, so nobody could ever see the document. Correct one of them."
    ja = "{where}: valid_until（{end}）が valid_from（{start}）より後ではないため、誰も閲覧できません。どちらかを直してください。"


class ManifestGroupAmbiguous(BadInput):
    """A name that two groups bear."""

    code = "manifest-group-ambiguous"
    en = "{where}: {key} names {group}, and several groups are called so ({ids}). Rename one of them in the identity in use, then name the right one."
    ja = "{where}: {key} の {group} という名前のグループが複数あります（{ids}）。グループの名前を変えて区別できるようにしてから、正しい名前を指定してください。"


class ManifestGroupContradiction(BadInput):
    """A group that is let in and shut out by the same rule."""

    code = "manifest-group-contradiction"
    en = "{where}: {group} stands in groups and in denied. Remove it from one of them."
    ja = "{where}: {group} が groups と denied の両方にあります。どちらかから削除してください。"


class ManifestInvalid(BadInput):
    """Several faults of one manifest; `faults` holds them in the order of the file."""

    code = "manifest-invalid"
    en = "{path} has {count} faults, so nothing was taken in. Correct them all:"
    ja = "{path} に {count} 件の誤りがあるため、何も取り込んでいません。すべて直してください。"

    def __init__(self, *, path: str, faults: Sequence[ApplianceError]) -> None:
        self.faults = tuple(faults)
        super().__init__(path=path, count=len(self.faults))

    def text(self, language: Language) -> str:
        """The head line, then one line a fault."""
        return "\n".join([super().text(language), *(f"- {fault.text(language)}" for fault in self.faults)])
