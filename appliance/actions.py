"""The catalogue of audit actions: what is recorded, in both languages, with its OCSF class and activity.

OCSF 1.x classes: 3002 Authentication, 3005 User Access Management, 6003 API Activity, 6005 Datastore Activity,
6007 Scan Activity, 5019 Device Config State Change. Source: schema.ocsf.io.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of act. `activity` is OCSF's activity_id within the class."""

    name: str
    en: str
    ja: str
    ocsf_class: int
    activity: int


_ALL = (
    Action("session.opened", "Signed in", "サインイン", 3002, 1),
    Action("session.refused", "Sign-in refused", "サインインの拒否", 3002, 1),
    Action("session.closed", "Signed out", "サインアウト", 3002, 2),
    Action("session.ended", "Session ended by the appliance", "セッションの終了", 3002, 2),
    Action("access.denied", "Access denied", "アクセスの拒否", 6003, 2),
    Action("question.received", "Question received", "質問の受付", 6003, 1),
    Action("question.refused", "Question refused, too many at once", "質問の拒否（同時に多すぎる）", 6003, 1),
    Action("question.retrieved", "Passages retrieved for a question", "質問への検索結果", 6005, 2),
    Action("question.completed", "Answer completed", "回答の完了", 6003, 2),
    Action("question.aborted", "Answer aborted", "回答の中断", 6003, 2),
    Action("search.retrieved", "Search without an answer", "検索（回答なし）", 6005, 2),
    Action("page.opened", "Page or section opened", "ページ（節）の表示", 6005, 2),
    Action("documents.listed", "Documents listed", "文書一覧の表示", 6005, 2),
    Action("history.listed", "Own past conversations listed", "過去の質問の一覧表示", 6005, 2),
    Action("history.opened", "Past conversation opened", "過去の質問の表示", 6005, 2),
    Action("history.deleted", "Past conversation deleted by its owner", "過去の質問の削除", 6005, 4),
    Action("document.storing", "Document about to be stored", "文書の登録（開始）", 6005, 3),
    Action("document.stored", "Document stored", "文書の登録（完了）", 6005, 3),
    Action("document.removing", "Document about to be removed", "文書の削除（開始）", 6005, 4),
    Action("document.removed", "Document removed", "文書の削除（完了）", 6005, 4),
    Action("document.resolved", "Interrupted change resolved at start-up", "中断された変更の解決", 6005, 3),
    Action("access.changed", "Access to a document changed", "閲覧範囲の変更", 3005, 3),
    Action("audit.viewed", "Audit log viewed", "監査ログの閲覧", 6005, 2),
    Action("audit.exported", "Audit log exported", "監査ログの書き出し", 6005, 8),
    Action("installation.examined", "Installation examined", "稼働状況の診断", 6007, 1),
    Action("settings.loaded", "Settings in force at start-up", "起動時の設定", 5019, 1),
)

ACTIONS: dict[str, Action] = {action.name: action for action in _ALL}
