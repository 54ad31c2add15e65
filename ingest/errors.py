"""Why a file was not converted: one reason a class, each with what to do about it.

    BadInput
    └── ConversionFailed        one file of a run; the others go on
        ├── FileEncrypted  FileBroken  FileEmpty  FileMislabelled  FormatUnsupported  TextUndecodable
        ├── NeedsOcr
        ├── FileTooLarge  ConversionTimeout  ConversionMemory  ConverterCrashed
        └── ConversionUnguarded

Every sentence has the field `name`, the file as the caller named it.
"""

from __future__ import annotations

from collections.abc import Mapping

from appliance.errors import REGISTERED, BadInput
from appliance.words import Words


class ConversionFailed(BadInput):
    """A file that gave no document. `code` is stable and is what a report row shows."""


class FileEncrypted(ConversionFailed):
    """A password stands before the text."""

    code = "file-encrypted"
    en = "{name} is protected by a password, so its text cannot be read. Save a copy without a password and add that."
    ja = "{name} はパスワードで保護されているため読み取れません。パスワードを外した写しを保存し、それを取り込んでください。"


class FileBroken(ConversionFailed):
    """Truncated, damaged, or not what its format demands."""

    code = "file-broken"
    en = "{name} is damaged or incomplete ({why}). Open it in its own program, save it again, and add that copy."
    ja = (
        "{name} は壊れているか途中で切れています（{why}）。作成元のソフトで開いて保存し直し、それを取り込んでください。"
    )


class FileEmpty(ConversionFailed):
    """A file in which there is nothing to read."""

    code = "file-empty"
    en = "{name} holds no text. Check that it is the right file; if it should be empty, leave it out."
    ja = "{name} には文字がありません。正しいファイルか確認してください。空でよいファイルなら取り込み対象から外してください。"


class FileMislabelled(ConversionFailed):
    """The content is of another format than the file's name says."""

    code = "file-mislabelled"
    en = "{name} is named as {named} but contains {found}. Save it as real {named}, or rename it to what it is."
    ja = "{name} は名前では {named} ですが、中身は「{found}」です。{named} 形式で保存し直すか、中身に合う名前に変えてください。"


class FormatUnsupported(ConversionFailed):
    """A format that no converter reads."""

    code = "format-unsupported"
    en = "{name} cannot be read: {found} is not supported. Save it as one of {known} and add that."
    ja = (
        "{name} は読み取れません（{found}には対応していません）。{known} のいずれかで保存し、それを取り込んでください。"
    )


class TextUndecodable(ConversionFailed):
    """Bytes that are text in none of the encodings we accept, or plausible in none."""

    code = "text-undecodable"
    en = "{name} is not text in UTF-8, UTF-16, Shift_JIS (cp932) or EUC-JP. Save it again as UTF-8 and add that."
    ja = "{name} の文字コードが分かりません（UTF-8、UTF-16、Shift_JIS、EUC-JP のいずれでもありません）。UTF-8 で保存し直してください。"


class NeedsOcr(ConversionFailed):
    """Pages that are pictures only, from first to last."""

    code = "needs-ocr"
    en = "{name} has {pages} page(s) and no text on any: it is a scan. Run OCR over it and add the result."
    ja = "{name}（{pages} ページ）には文字情報がなく、画像だけです。OCR で文字を付けたものを取り込んでください。"


class FileTooLarge(ConversionFailed):
    """More bytes, pages, cells or characters than the limits allow, packed or unpacked."""

    code = "file-too-large"
    en = "{name} is too large: {what} over the limit of {limit}. Split it into smaller files."
    ja = "{name} は大きすぎます（{what} が上限 {limit} を超えています）。小さなファイルに分割してください。"


class ConversionTimeout(ConversionFailed):
    """The converter was stopped by the clock."""

    code = "conversion-timeout"
    en = "{name} was not converted within {seconds} s and was stopped. Split it into smaller files, or save it again."
    ja = "{name} の変換が {seconds} 秒以内に終わらないため中止しました。小さなファイルに分割するか、保存し直してください。"


class ConversionMemory(ConversionFailed):
    """The converter was stopped by the memory limit."""

    code = "conversion-memory"
    en = "{name} needs more memory to convert than the limit of {limit}. Split it into smaller files, or save it again."
    ja = "{name} の変換に必要なメモリーが上限 {limit} を超えました。小さなファイルに分割するか、保存し直してください。"


class ConverterCrashed(ConversionFailed):
    """The subprocess died; the run and its neighbours did not."""

    code = "converter-crashed"
    en = "{name} made the converter stop ({why}); nothing else was affected. Save it again in its own program, or send it to support."
    ja = "{name} の変換中に変換プログラムが停止しました（{why}）。他の文書に影響はありません。作成元のソフトで保存し直してください。"


class ConversionUnguarded(ConversionFailed):
    """The machine does not give the sandbox what a hostile file must not get past; the file was not looked at."""

    code = "conversion-unguarded"
    en = '{name} was not opened, because this machine does not let it be converted safely: the sandbox is missing {missing} (see `appliance doctor`). Use Linux 5.13 or newer with Landlock and seccomp, or, if every file is trusted, set conversion_guards = "as-available".'
    ja = '{name} は、このマシンでは安全に変換できないため、開いていません（隔離に必要な {missing} が使えません。`appliance doctor` で確認できます）。Landlock と seccomp が使える Linux 5.13 以降で実行するか、すべてのファイルを信頼できる場合に限り conversion_guards = "as-available" を設定してください。'


def named(code: str, values: Mapping[str, str | Words]) -> ConversionFailed | None:
    """The failure with this code, as the sandboxed child reported it; None when the code or a value is not of this family."""
    kind = REGISTERED.get(code)
    if kind is None or not issubclass(kind, ConversionFailed):
        return None
    try:
        failure = kind(**values)
        failure.text("ja")
    except KeyError:
        return None
    return failure
