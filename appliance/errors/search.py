"""Index and embedder."""

from __future__ import annotations

from appliance.errors.root import BadInput, Conflict, Unavailable


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
