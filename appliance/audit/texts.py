"""What the verifier says, English and Japanese, and what stands in every manifest."""

from __future__ import annotations

NOTE = {
    "en": "log/ holds the leaves of all events and all people (ids, groups, times, outcomes; no texts), because only the "
    "whole log can be verified. events.jsonl, events.csv and every text are of the selection only. Hand it to nobody who "
    "may not see that of all people.",
    "ja": "log/ には、全員の全記録のリーフ（ID・グループ・時刻・結果。本文は含みません）が入っています。ログ全体がないと検証"
    "できないためです。events.jsonl、events.csv と本文は、選択した範囲のものだけです。全員の記録を見る権限のない人には渡さないで"
    "ください。",
}
"""Stands in every manifest, and is said by the command that exports a selection."""

EVIDENCE = {
    "en": "This folder secures a damaged audit log as evidence: its files byte for byte. It is no export, nothing in it is "
    "signed by being here, and it holds what all people asked. Compare it with a checkpoint that was kept outside.",
    "ja": "このフォルダーは、破損した監査ログを証拠として、ファイルをそのまま保全したものです。書き出しではなく、ここにあること自体は"
    "何も証明しません。全員の質問の本文を含みます。外部に保管したチェックポイントと照合してください。",
}
"""Stands in a folder of evidence."""

VERDICTS: dict[str, tuple[str, str]] = {
    "whole": (
        "Verified: {folder} holds the whole log {origin} of {size} events as they were recorded, and shows all of them, "
        "with every text. Exported at {created}. Root {root}.",
        "検証しました: {folder} はログ {origin} の全 {size} 件を記録どおりに含み、そのすべてを本文とともに示しています。"
        "書き出し日時 {created}。ルート {root}。",
    ),
    "selection": (
        "Verified, as a SELECTION ({parts}): {folder} holds the whole log {origin} of {size} events and shows {events} of "
        "them, with their texts, as they were recorded. It says nothing about the texts of the others. Exported at "
        "{created}. Root {root}.",
        "検証しました（一部の【選択】です: {parts}）: {folder} はログ {origin} の全 {size} 件のリーフを含み、そのうち {events} 件が"
        "本文とともに記録どおりに示されています。ほかの記録の本文については、何も確認していません。書き出し日時 {created}。"
        "ルート {root}。",
    ),
    "missing": (
        "NOT verified: {missing} texts are missing. The log itself and all that is there hold, but texts that it commits "
        "to were deleted beside it. Keep this export as evidence and ask who deleted them.",
        "検証できません: 本文 {missing} 件が欠落しています。ログ自体と残っている内容は記録どおりですが、ログにコミットメントのある"
        "本文が削除されています。この書き出しを証拠として保管し、削除した者を確認してください。",
    ),
    "of": (
        "This export: log {origin}, {size} events, {parts}, {events} events shown, exported at {created}.",
        "この書き出し: ログ {origin}、全 {size} 件、{parts}、表示 {events} 件、書き出し日時 {created}。",
    ),
    "all": ("all events", "全件"),
    "key-inside": (
        "Warning: the key {key} lies inside the export. Whoever forges an export puts a key of their own beside it: use "
        "the key that was kept elsewhere since the installation.",
        "警告: 鍵 {key} は書き出しの中にあります。書き出しを偽造する者は、自分の鍵を添えることができます。導入時から別の場所に"
        "保管してある鍵を使ってください。",
    ),
    "since": (
        "The log continues the checkpoint of {since} events without a change.",
        "{since} 件時点のチェックポイントから、変更なく続いています。",
    ),
    "more": (
        "{count} more problems; --json lists them all.",
        "ほかに {count} 件の問題があります（--json で一覧表示）。",
    ),
}
