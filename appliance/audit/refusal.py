"""Why a part of a log or of an export is refused: one table of reasons, in both languages.

The verifier, the export and the log's own check raise `ExportRefused` through here. Low-level code does not know in
which file it reads; `within` adds the name on the way up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from appliance.errors import ExportRefused
from appliance.models import Language

REASONS: dict[str, tuple[str, str]] = {
    "missing": ("the file is missing", "ファイルがありません"),
    "added": ("the signed manifest does not name it", "署名されたマニフェストにない項目です"),
    "litter": (
        "it is an added file, not of the export, such as a computer makes where a folder is looked at: remove it and "
        "verify again",
        "書き出しのものではなく、フォルダーを表示したパソコンが追加したファイルです。削除して、もう一度検証してください",
    ),
    "damaged": (
        "this folder secures a damaged log as evidence: it is no export, and nothing in it can be verified",
        "このフォルダーは破損したログを証拠として保全したもので、書き出しではなく、検証できる内容はありません",
    ),
    "selected": (
        "the whole log was required, and this export shows a selection ({detail})",
        "全件の書き出しが必要ですが、これは一部を選択したものです（{detail}）",
    ),
    "created-early": (
        "it says that it was made at {expected}, before the last event of its log at {found}",
        "作成日時 {expected} が、ログの最後の記録 {found} より前です",
    ),
    "action-renamed": (
        "it explains the action {detail} otherwise than this verifier knows it ({found} instead of {expected}); only "
        "the verifier of the version that made the export can tell whether that is right",
        "操作 {detail} の説明（{found}）が、この検証プログラムの定義（{expected}）と異なります。"
        "書き出したバージョンの検証プログラムで確認してください",
    ),
    "not-a-file": ("it is neither a regular file nor a folder", "通常のファイルでもフォルダーでもありません"),
    "unreadable": ("it cannot be read ({detail})", "読み取れません（{detail}）"),
    "too-large": ("it is larger than any of its kind ({detail} bytes)", "大きすぎます（{detail} バイト）"),
    "changed": ("its content is not the one that was signed", "署名された内容と異なります"),
    "note-malformed": ("it is not a well-formed signed note ({detail})", "署名付きノートの形式が不正です（{detail}）"),
    "signature-invalid": ("the signature does not match the key {detail}", "鍵 {detail} による署名が一致しません"),
    "signature-foreign": ("it is not signed by the key {detail}", "鍵 {detail} で署名されていません"),
    "signature-surplus": ("it carries a signature of another key", "別の鍵の署名が含まれています"),
    "checkpoint-malformed": ("it is not a checkpoint ({detail})", "チェックポイントの形式が不正です（{detail}）"),
    "origin-differs": ("it belongs to the log {detail}", "別のログ（{detail}）のものです"),
    "key-differs": ("it is not the key that was given", "指定された鍵と異なります"),
    "not-canonical": ("its encoding is not canonical ({detail})", "符号化が正規形ではありません（{detail}）"),
    "malformed": ("its content is malformed ({detail})", "内容の形式が不正です（{detail}）"),
    "format-unknown": ("this verifier does not know its format {detail}", "形式 {detail} には対応していません"),
    "tile-differs": (
        "it does not follow from the entries of the log ({detail})",
        "ログの各記録から計算した値と異なります（{detail}）",
    ),
    "root-differs": (
        "its root {expected} is not the one of the entries, {found}",
        "ルート {expected} が、各記録から計算した {found} と異なります",
    ),
    "size-differs": (
        "it names {expected} events and there are {found}",
        "件数 {expected} が実際の {found} と異なります",
    ),
    "time-backwards": ("event {detail} is earlier than the one before", "記録 {detail} の時刻が直前より前です"),
    "id-twice": ("event {detail} has the id of an earlier event", "記録 {detail} の ID が以前の記録と重複しています"),
    "action-unknown": (
        "event {detail} has an action that the manifest does not explain",
        "記録 {detail} の操作がマニフェストにありません",
    ),
    "event-missing": (
        "event {detail} belongs to the stated selection and is missing",
        "指定範囲に含まれる記録 {detail} がありません",
    ),
    "event-differs": ("event {detail} is not the one of the log", "記録 {detail} がログの内容と異なります"),
    "text-differs": (
        "text {name} of event {detail} does not match its commitment in the log",
        "記録 {detail} の本文 {name} が、ログにあるコミットメントと一致しません",
    ),
    "text-missing": (
        "text {name} of event {detail} is missing: the log commits to it, and it is no longer there",
        "記録 {detail} の本文 {name} が欠落しています（ログにコミットメントがあるのに、本文がありません）",
    ),
    "text-stray": (
        "text {name} of event {detail} was never recorded: no event of the log commits to it",
        "記録 {detail} の本文 {name} は記録されたものではありません（対応するコミットメントがありません）",
    ),
    "leaf-stray": (
        "it holds a leaf with the number {detail}, outside of the log",
        "ログの範囲外の番号 {detail} の記録があります",
    ),
    "tile-stray": ("it holds a tile that is not of the log ({detail})", "ログにはないタイルがあります（{detail}）"),
    "schema-foreign": (
        "the database holds something that is not of the log: {detail}",
        "データベースに、監査ログのものではない {detail} があります",
    ),
    "surplus": ("it goes on after the last event", "最後の記録の後に余分な内容があります"),
    "row-differs": ("the row of event {detail} differs from the log", "記録 {detail} の行がログの内容と異なります"),
    "since-larger": (
        "it names {expected} events and the export has {found}: the log was truncated, or the checkpoint is newer",
        "{expected} 件を示していますが、書き出しは {found} 件です（切り詰められたか、チェックポイントの方が新しい）",
    ),
    "forked": (
        "its root at {detail} events is not the one of this export: the log was rewritten after it",
        "{detail} 件目の時点のルートが、この書き出しと一致しません（その後にログが書き換えられました）",
    ),
    "key-replaced": (
        "its key is {found}, and the one that is known for this installation is {expected}",
        "鍵が {found} に替わっています（この導入環境の鍵は {expected}）",
    ),
    "rolled-back": (
        "it has {found} events and {expected} were signed: it was put back to an older copy",
        "記録は {found} 件ですが、{expected} 件まで署名済みです（古いコピーに戻されています）",
    ),
    "rewritten": (
        "its first {detail} events are not those that were signed: it was rewritten",
        "先頭 {detail} 件が、署名された内容と異なります（書き換えられています）",
    ),
    "proof-malformed": ("the proof is malformed ({detail})", "証明の形式が不正です（{detail}）"),
    "columns-differ": ("it differs from its leaf in {detail}", "{detail} がリーフの内容と異なります"),
    "count-differs": (
        "{detail} should be {found} and is {expected}",
        "{detail} は {found} のはずですが {expected} です",
    ),
}


def refusal(reason: str, file: str = "", **values: object) -> ExportRefused:
    """The error for one of REASONS; `values` fill its sentence."""
    en, ja = REASONS[reason]
    return ExportRefused(reason=reason, file=file, why_en=en.format(**values), why_ja=ja.format(**values))


def located(error: ExportRefused, file: str) -> ExportRefused:
    """The same refusal with the file in which it arose, unless somebody nearer named one."""
    return error if error.values["file"] else ExportRefused(**{**error.values, "file": file})


def sentence(error: ExportRefused, language: Language) -> str:
    """Where it is and why, without the advice for exports: for problems of the log itself."""
    return f"{error.values['file']}: {error.values[f'why_{language}']}"


@contextmanager
def within(file: str) -> Iterator[None]:
    """Name the file of a refusal that arises inside."""
    try:
        yield
    except ExportRefused as error:
        raise located(error, file) from error
