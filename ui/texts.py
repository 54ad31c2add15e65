"""All words of the portal, Japanese and English side by side, so that neither is forgotten."""

from __future__ import annotations

from appliance.models import Language
from appliance.words import CLASSIFICATIONS, Words

_PAIRS: dict[str, tuple[str, str]] = {
    "product": ("社内文書照会", "Document Inquiry"),
    "ask": ("質問する", "Ask"),
    "documents": ("文書", "Documents"),
    "audit": ("監査", "Audit"),
    # Account
    "sign_out": ("サインアウト", "Sign out"),
    "language": ("表示言語", "Language"),
    "theme": ("配色", "Colours"),
    "theme_System": ("端末に合わせる", "As the device"),
    "theme_Light": ("明るい", "Light"),
    "theme_Dark": ("暗い", "Dark"),
    "groups": ("所属グループ", "Groups"),
    "no_groups": ("所属グループはありません。", "No groups."),
    "clearance": ("閲覧できる取扱区分の上限", "Highest classification you may see"),
    "role_auditor": ("監査担当", "Auditor"),
    "role_administrator": ("管理者", "Administrator"),
    # Sign-in
    "sign_in": ("サインイン", "Sign in"),
    "sign_in_as": ("利用者を選んでください", "Choose a person"),
    "sign_in_demo": (
        "体験用の利用者です。パスワードなしで使えるのは、このコンピューターの中だけです。",
        "These are the demo's people. They need no password, and work on this computer only.",
    ),
    "sign_in_note": (
        "このシステムは閉じたネットワークの中だけで動き、外部と通信しません。操作は監査ログに記録されます。",
        "This system runs inside a closed network and talks to nothing outside. What you do is recorded in the audit log.",
    ),
    "out": ("サインアウトしました。", "You have signed out."),
    "expired": (
        "サインアウトしたか、一定時間操作がなかったため、セッションが終了しました。",
        "Your session has ended: you signed out, or there was no activity for some time.",
    ),
    "sign_in_failed": (
        "サインインできませんでした。もう一度お試しください。",
        "You could not be signed in. Try again.",
    ),
    "unreachable": (
        "システムから応答がありません。もう一度お試しください。",
        "The system does not answer. Try again.",
    ),
    "no_script": (
        "このページを使うには JavaScript を有効にしてください。",
        "This page needs JavaScript. Please switch it on.",
    ),
    # Ask
    "new": ("新しい質問", "New question"),
    "history": ("これまでの質問", "Past questions"),
    "today": ("今日", "Today"),
    "week": ("過去 7 日", "Last 7 days"),
    "older": ("それ以前", "Earlier"),
    "history_none": ("これまでの質問はありません。", "No past questions yet."),
    "hello": ("何をお調べですか", "What would you like to know?"),
    "hello_sub": (
        "あなたが閲覧できる {n} 件の文書だけを調べ、根拠のページを示して答えます。",
        "Only the {n} documents you may see are searched. Every answer shows the page it rests on.",
    ),
    "hello_none": (
        "あなたが閲覧できる文書はまだありません。閲覧できるはずの文書がある場合は、管理者に所属グループを確認してください。",
        "There is no document that you may see yet. If there should be, ask an administrator about your groups.",
    ),
    "examples": ("質問の例", "Examples"),
    "placeholder": ("質問を入力してください", "Type your question"),
    "placeholder_next": (
        "次の質問（前の質問の内容は引き継がれません）",
        "Next question (it is read without the one before)",
    ),
    "keys": ("Enter で送信、Shift+Enter で改行。", "Enter sends, Shift+Enter breaks the line."),
    "notice": (
        "回答は根拠のページで確かめてください。質問と回答は監査ログに記録されます。",
        "Check answers against the page shown. Questions and answers are recorded in the audit log.",
    ),
    "you": ("あなたの質問", "Your question"),
    "ok": ("出典で確認済み", "Confirmed by the source"),
    "none": ("出典で確認できず", "Not confirmed"),
    "wait": ("照合中", "Checking"),
    "marks_mean": (
        "印は、文が出典の記載どおりかどうかです。質問への答えになっているかは、出典で確かめてください。",
        "A mark says whether a sentence is what its source says. Whether it answers your question, see in the source.",
    ),
    "confirmed": ("{n} 文のうち {k} 文を出典で確認", "{k} of {n} sentences confirmed"),
    "seconds": ("{s} 秒", "{s} s"),
    "sources": ("出典", "Sources"),
    "other_sources": ("ほかに調べた箇所", "Other passages that were read"),
    "stored_on": ("取り込み {d}", "stored {d}"),
    "searching": ("文書を調べています", "Searching documents"),
    "writing": ("回答を作成しています", "Writing the answer"),
    "step_received": ("受付", "Received"),
    "step_searching": ("文書の検索", "Search"),
    "step_writing": ("回答の作成", "Answer"),
    "finished": ("回答ができました。出典 {n} 件", "Answer ready, {n} sources"),
    "markers": (
        "出典のない番号 {n} 個を回答から取り除きました。",
        "{n} source numbers that name no source were removed from the answer.",
    ),
    "refused": (
        "閲覧できる文書の中に、根拠となる記述が見つかりませんでした",
        "No supporting passage was found in the documents you may see",
    ),
    "refused_sub": (
        "文書がない場合と、閲覧権限がない場合は、区別せずにこの表示になります。推測による回答は行いません。",
        "This is shown both when nothing exists and when you have no access. The system does not guess.",
    ),
    "refused_try": ("次をお試しください", "You could"),
    "refused_1": (
        "別の言い方や、文書に出てきそうな短い言葉で質問する",
        "Say it another way, or in short words as a document would",
    ),
    "refused_2": ("一度に一つのことを質問する", "Ask for one thing at a time"),
    "refused_3": ("「文書」のページで、閲覧できる文書を確かめる", "See under Documents what you may see"),
    "stopped": (
        "途中で停止しました。ここまでの文だけを表示しています。",
        "Stopped. Only the sentences written so far are shown.",
    ),
    "stopped_early": ("回答が始まる前に停止しました。", "Stopped before the answer began."),
    "failed": ("回答できませんでした", "There is no answer"),
    "failed_sub": ("もう一度質問してください。", "Please ask again."),
    "withheld": ("この回答は表示できません", "This answer is not shown"),
    "withheld_sub": (
        "出典の中に、現在は閲覧できない文書があります。もう一度質問すると、閲覧できる文書だけで答えます。",
        "You may no longer see one of its sources. Ask again for an answer from what you may see now.",
    ),
    "case": ("照会番号 {case}", "Case {case}"),
    "delete": ("この履歴を削除", "Delete this conversation"),
    "delete_title": ("履歴の削除", "Delete the conversation"),
    "delete_sub": (
        "「{title}」を、これまでの質問から削除します。元に戻せません。監査ログの記録は残ります。",
        "“{title}” will be removed from your past questions. This cannot be undone. The audit log keeps its record.",
    ),
    "delete_do": ("削除する", "Delete"),
    "cancel": ("やめる", "Cancel"),
    "deleted": ("履歴を削除しました。", "The conversation was deleted."),
    # Page preview and what Streamlit says in English
    "close": ("閉じる", "Close"),
    "prev": ("前の出典", "Previous source"),
    "next": ("次の出典", "Next source"),
    "prev_part": ("前のページ", "Previous page"),
    "next_part": ("次のページ", "Next page"),
    "zoom": ("拡大", "Zoom"),
    "picture": ("文書の内容", "Document content"),
    "picture_of": ("{where}の画像", "Picture of {where}"),
    "marked": ("色の付いた部分が根拠です。", "The marked part is the evidence."),
    "read_only": (
        "色の付いた部分は調べた箇所です。回答には使っていません。",
        "The marked part was read, and is not used in the answer.",
    ),
    "loading": ("読み込んでいます", "Loading"),
    "no_preview": ("この箇所を表示できませんでした。", "This place could not be shown."),
    "empty_part": ("この箇所に文字はありません。", "There is no text here."),
    "skip": ("本文へ移動", "Skip to main content"),
    "sidebar": ("これまでの質問", "Past questions"),
    "pages_nav": ("ページ", "Pages"),
    "collapse": ("これまでの質問を閉じる", "Close past questions"),
    "expand": ("メニューを開く", "Open the menu"),
    "send": ("送信", "Send"),
    "stop": ("停止", "Stop"),
    "open_choices": ("選択肢を開く", "Open the choices"),
    "clear": ("消す", "Clear"),
    "choose": ("選んでください", "Choose"),
    # Documents
    "documents_sub": ("あなたが閲覧できる文書 {n} 件", "{n} documents that you may see"),
    "find": ("文書名・パスで絞り込み", "Filter by name or path"),
    "any": ("すべて", "All"),
    "collection": ("文書群", "Collection"),
    "label": ("取扱区分", "Classification"),
    "document": ("文書", "Document"),
    "format": ("形式", "Format"),
    "parts": ("ページ・節", "Pages"),
    "stored": ("取り込み", "Stored"),
    "nothing": ("条件に合う文書はありません。", "No documents match."),
    "shown": ("{n} 件中 {k} 件を表示しています。絞り込んでください。", "{k} of {n} are shown. Narrow the filter."),
    # Audit
    "audit_log": ("監査ログ", "Audit log"),
    "log_size": ("記録 {n} 件", "{n} records"),
    "log_root": ("ルートハッシュ {root}", "root hash {root}"),
    "verify": ("ログ全体を検証", "Verify the whole log"),
    "verified": (
        "検証しました。記録 {n} 件はすべて署名付きチェックポイントと一致します。",
        "Verified: all {n} records agree with the signed checkpoint.",
    ),
    "not_verified": (
        "ログの検証に失敗しました。監査責任者に連絡してください。",
        "The log does not verify. Tell the head of audit.",
    ),
    "period": ("期間", "Period"),
    "days7": ("7 日", "7 days"),
    "days30": ("30 日", "30 days"),
    "all_time": ("全期間", "All"),
    "action": ("操作", "Action"),
    "actor": ("利用者", "Person"),
    "outcome": ("結果", "Outcome"),
    "time": ("時刻", "Time"),
    "record": ("記録", "Record"),
    "success": ("成功", "Success"),
    "denied": ("拒否", "Denied"),
    "outcome_failed": ("失敗", "Failed"),
    "aborted": ("中断", "Aborted"),
    "owner": ("システム所有者", "Owner of the system"),
    "service": ("システム", "System"),
    "nobody": ("未サインイン", "Not signed in"),
    "no_events": ("条件に合う記録はありません。", "No records match."),
    "pick": (
        "一覧から記録を選ぶと、経過と包含証明を表示します。",
        "Choose a record to see what happened, with its inclusion proof.",
    ),
    "story": ("出来事の経過", "What happened"),
    "newer": ("新しい記録", "Newer"),
    "earlier": ("前の記録", "Earlier"),
    "proof": ("包含証明 検証済み", "Inclusion proof verified"),
    "proof_bad": ("包含証明を検証できません", "The inclusion proof does not verify"),
    "proof_at": ("記録 {n} / 全 {all} 件 / ルートハッシュ", "leaf {n} / size {all} / root hash"),
    "proof_path": ("証明の内訳", "Proof"),
    "checkpoint": ("署名付きチェックポイント", "Signed checkpoint"),
    "text_question": ("質問", "Question"),
    "text_answer": ("回答", "Answer"),
    "text_missing": (
        "本文が欠落しています。管理者と監査責任者に連絡してください。",
        "This text is missing. Tell the administrator and the head of audit.",
    ),
    "shown_places": ("表示した箇所", "Shown"),
    "found_places": ("見つけたが、表示しなかった箇所", "Found, and not shown"),
    "version_is": ("版 {v}", "version {v}"),
    "gone": ("登録から削除済み", "no longer in the registry"),
    "details": ("記録の内容", "Details"),
    "export": ("監査記録を書き出す", "Export records"),
    "export_sub": (
        "署名付きチェックポイントと証明を含む ZIP です。この装置なしで検証できます。書き出しも監査ログに記録されます。",
        "A ZIP with the signed checkpoint and proofs, which can be verified without this system. The export is recorded too.",
    ),
    "from": ("開始日", "From"),
    "to": ("終了日", "To"),
    "person_id": ("利用者 ID（任意）", "Person's id (optional)"),
    "export_do": ("書き出す", "Export"),
    "export_failed": ("書き出せませんでした", "The export failed"),
    "back": ("監査へ戻る", "Back to audit"),
}

TEXTS = {key: Words(ja=ja, en=en) for key, (ja, en) in _PAIRS.items()}
TEXTS |= {word: words for word, words in CLASSIFICATIONS.items()}

# What the page's own scripts say; index.py puts these words into the page's head.
SCRIPT_WORDS = (
    "close", "prev", "next", "prev_part", "next_part", "zoom", "picture", "picture_of", "marked", "read_only",
    "loading", "no_preview", "empty_part",
    "public", "internal", "restricted", "confidential",
)  # fmt: skip

# Streamlit's own English, and which of our words takes its place.
STREAMLIT_WORDS = {
    "Skip to main content": "skip",
    "Sidebar": "sidebar",
    "App pages": "pages_nav",
    "Collapse sidebar": "collapse",
    "Expand sidebar": "expand",
    "Send message": "send",
    "Stop script": "stop",
    "Logo": "product",
    "Open": "open_choices",
    "Close": "close",
    "Clear value": "clear",
    "Choose an option": "choose",
}


def text(key: str, language: Language, **values: object) -> str:
    """The words called `key`, with their fields filled. The result is not escaped."""
    return TEXTS[key].text(language, **values)


def language_of(cookie: str | None, accepted: str | None) -> Language:
    """The language chosen before, else the browser's first one, else Japanese."""
    if cookie in ("ja", "en"):
        return "en" if cookie == "en" else "ja"
    return "en" if (accepted or "").strip().lower().startswith("en") else "ja"
