"""The catalogue of audit actions: what is recorded, in both languages, with its OCSF class and activity; who can act,
how it can end, which fields the leaf holds and which texts stand beside it. Events are checked against it when they are
made (acts.py), and the reference is written from it.

OCSF 1.x classes: 3001 Account Change, 3002 Authentication, 3005 User Access Management, 6002 Application Lifecycle,
6003 API Activity, 6005 Datastore Activity, 6007 Scan Activity, 5019 Device Config State Change. Source: schema.ocsf.io.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.fields import (
    ACCESS,
    ENDED,
    FILTER,
    NAMES,
    OF_ASKER,
    PASSAGE_TEXTS,
    PASSAGES,
    PLACE,
    REFUSED,
    STORED,
    TARGET,
    Field,
)
from appliance.models import ActorKind, Outcome


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of act. `activity` is OCSF's activity_id within the class."""

    name: str
    en: str
    ja: str
    ocsf_class: int
    activity: int


@dataclass(frozen=True, slots=True)
class Record:
    """What an event of one action holds: its possible actors and outcomes, its fields, its texts with their meaning."""

    action: Action
    actors: tuple[ActorKind, ...]
    outcomes: tuple[Outcome, ...]
    fields: tuple[Field, ...]
    texts: Mapping[str, str]


_PERSON: tuple[ActorKind, ...] = ("person",)
_ADMINISTRATOR: tuple[ActorKind, ...] = ("person", "owner")
_SERVICE: tuple[ActorKind, ...] = ("service",)
_DONE: tuple[Outcome, ...] = ("success",)
_CHANGERS: tuple[ActorKind, ...] = ("person", "owner", "service")
_NONE: dict[str, str] = {}

_ALL = (
    Record(
        Action("session.opened", "Signed in", "サインイン", 3002, 1),
        _PERSON,
        _DONE,
        (
            *OF_ASKER,
            Field("roles", "ids", "the person's roles at that moment"),
            Field("via", "word", "http (a portal or client on the port) or private-socket (`appliance ... --as`)"),
            Field("source", "word", "the address it came from, as the box sees it, or uid:N"),
        ),
        _NONE,
    ),
    Record(
        Action("session.refused", "Sign-in refused", "サインインの拒否", 3002, 1),
        ("nobody",),
        ("denied",),
        REFUSED,
        {"name": "the name that was tried", **TARGET},
    ),
    Record(Action("session.closed", "Signed out", "サインアウト", 3002, 2), _PERSON, _DONE, (), _NONE),
    Record(
        Action("session.ended", "Session ended by the appliance", "セッションの終了", 3002, 2),
        _SERVICE,
        _DONE,
        (
            Field("person", "id", "whose session"),
            Field("reason", "word", "time: unused or too long; directory: the person is no longer in it"),
        ),
        _NONE,
    ),
    Record(
        Action("access.denied", "Access denied", "アクセスの拒否", 6003, 2),
        ("person", "owner", "nobody"),
        ("denied",),
        REFUSED,
        TARGET,
    ),
    Record(
        Action("request.failed", "Request refused as it was made", "受け付けられなかった操作", 6003, 99),
        ("person", "owner", "nobody"),
        ("failed",),
        REFUSED,
        TARGET,
    ),
    Record(
        Action("question.received", "Question received", "質問の受付", 6003, 1),
        _PERSON,
        _DONE,
        (Field("conversation", "id", "the conversation"), *OF_ASKER),
        {"question": "the question"},
    ),
    Record(
        Action("question.retrieved", "Passages retrieved for a question", "質問への検索結果", 6005, 2),
        _PERSON,
        _DONE,
        (*PASSAGES, Field("decision", "word", "answer or no-evidence")),
        PASSAGE_TEXTS,
    ),
    Record(
        Action("question.completed", "Answer completed", "回答の完了", 6003, 2),
        _PERSON,
        _DONE,
        ENDED,
        {"answer": "the answer"},
    ),
    Record(
        Action("question.aborted", "Answer aborted", "回答の中断", 6003, 2),
        _PERSON,
        ("aborted", "failed"),
        ENDED,
        {"answer": "what had been written of the answer"},
    ),
    Record(
        Action("search.retrieved", "Search without an answer", "検索（回答なし）", 6005, 2),
        _PERSON,
        ("success", "failed"),
        (
            *OF_ASKER,
            *(Field(f.name, f.kind, f.meaning, False, f.inner) for f in PASSAGES),
            Field("error", "word", "the error's code, where it failed", False),
        ),
        {"query": "what was searched for", **PASSAGE_TEXTS},
    ),
    Record(
        Action("page.opened", "Page or section opened", "ページ（節）の表示", 6005, 2),
        _PERSON,
        _DONE,
        (*PLACE, Field("part", "number", "page, section or sheet, from 1")),
        _NONE,
    ),
    Record(
        Action("documents.listed", "Documents listed", "文書一覧の表示", 6005, 2),
        _ADMINISTRATOR,
        _DONE,
        (
            Field("documents", "number", "how many", False),
            Field("collections", "number", "how many collections, where only those were listed", False),
            Field("keys", "ids", "their keys; over 200 they stand in the text `keys`", False),
            Field("filter", "record", "as in question.retrieved; not for an administrator", False, FILTER.inner),
        ),
        {
            "collection": "the collection that an administrator listed",
            "keys": "the documents' keys, where there are more than 200",
            "lists": PASSAGE_TEXTS["lists"],
        },
    ),
    Record(
        Action("history.listed", "Own past conversations listed", "過去の質問の一覧表示", 6005, 2),
        _PERSON,
        _DONE,
        (Field("conversations", "number", "how many"),),
        _NONE,
    ),
    Record(
        Action("history.opened", "Past conversation opened", "過去の質問の表示", 6005, 2),
        _PERSON,
        _DONE,
        (
            Field("conversation", "id", "which"),
            Field("turns", "number", "questions in it"),
            Field("withheld", "number", "how many of them were withheld, since a source is no longer the person's"),
        ),
        _NONE,
    ),
    Record(
        Action("history.deleted", "Past conversation deleted by its owner", "過去の質問の削除", 6005, 4),
        _PERSON,
        _DONE,
        (Field("conversation", "id", "which"),),
        _NONE,
    ),
    Record(
        Action("document.storing", "Document about to be stored", "文書の登録（開始）", 6005, 3),
        _CHANGERS,
        _DONE,
        STORED,
        NAMES,
    ),
    Record(
        Action("document.stored", "Document stored", "文書の登録（完了）", 6005, 3), _CHANGERS, _DONE, STORED, _NONE
    ),
    Record(
        Action("document.removing", "Document about to be removed", "文書の削除（開始）", 6005, 4),
        _CHANGERS,
        _DONE,
        (*PLACE, Field("list", "number", "the access list until then")),
        NAMES,
    ),
    Record(
        Action("document.removed", "Document removed", "文書の削除（完了）", 6005, 4),
        _CHANGERS,
        _DONE,
        (*PLACE, Field("list", "number", "the access list until then")),
        _NONE,
    ),
    Record(
        Action("document.resolved", "Interrupted change resolved", "中断された変更の解決", 6005, 3),
        _CHANGERS,
        ("success", "failed"),
        (
            *PLACE,
            Field("kind", "word", "store, describe, access or remove"),
            Field("list", "number", "the access list that the document stands under now", False),
        ),
        _NONE,
    ),
    Record(
        Action("access.changing", "Access to a document about to change", "閲覧範囲の変更（開始）", 3005, 3),
        _CHANGERS,
        _DONE,
        ACCESS,
        NAMES,
    ),
    Record(
        Action("access.changed", "Access to a document changed", "閲覧範囲の変更（完了）", 3005, 3),
        _CHANGERS,
        _DONE,
        ACCESS,
        _NONE,
    ),
    Record(
        Action("audit.viewed", "Audit log viewed", "監査ログの閲覧", 6005, 2),
        _ADMINISTRATOR,
        _DONE,
        (
            Field("view", "word", "events (a list), case, proof or checkpoint"),
            Field("events", "number", "how many events were shown"),
            Field("person", "id", "whose acts were selected", False),
            Field("action", "word", "which action was selected", False),
            Field("outcome", "word", "which outcome was selected", False),
            Field("from", "time", "the selection's begin", False),
            Field("to", "time", "the selection's end", False),
            Field("before", "number", "events before this number", False),
            Field("case", "id", "which case was opened", False),
            Field("index", "number", "which event's proof was asked for", False),
        ),
        _NONE,
    ),
    Record(
        Action("audit.verified", "Audit log verified", "監査ログの検証", 6007, 1),
        _ADMINISTRATOR,
        ("success", "failed"),
        (
            Field("size", "number", "events that were checked"),
            Field("root", "hash", "the root of the tree that was signed"),
            Field("problems", "number", "what does not match"),
            Field("since", "number", "the size of an older checkpoint that the log was held against", False),
        ),
        _NONE,
    ),
    Record(
        Action("audit.exported", "Audit log exported", "監査ログの書き出し", 6005, 8),
        _ADMINISTRATOR,
        ("success", "failed"),
        (
            Field("from", "time", "the selection's begin", False),
            Field("to", "time", "the selection's end", False),
            Field("person", "id", "whose acts were selected", False),
        ),
        _NONE,
    ),
    Record(
        Action("installation.examined", "Installation examined", "稼働状況の診断", 6007, 1),
        _ADMINISTRATOR,
        _DONE,
        (),
        _NONE,
    ),
    Record(
        Action("settings.loaded", "Started, with the settings in force", "起動と適用された設定", 5019, 1),
        _SERVICE,
        _DONE,
        (
            Field("release", "id", "the appliance's version"),
            Field("people_sha256", "hash", "of the file of people"),
            Field("settings", "settings", "every setting; a secret is the name of its file"),
        ),
        _NONE,
    ),
    Record(
        Action("people.changed", "Directory of people changed", "利用者情報の変更", 3001, 99),
        _SERVICE,
        _DONE,
        (
            Field("people_sha256", "hash", "of the file of people"),
            Field("before", "hash", "of that file when it was last recorded", False),
            Field("added", "number", "persons who are new"),
            Field("removed", "number", "persons who are gone"),
            Field("changed", "number", "persons with other groups, clearance, compartments or roles"),
        ),
        {"people": "JSON by person: what the file said of them before and says now, or null"},
    ),
    Record(Action("service.stopped", "Stopped", "停止", 6002, 4), _SERVICE, _DONE, (), _NONE),
)

RECORDS: dict[str, Record] = {record.action.name: record for record in _ALL}
ACTIONS: dict[str, Action] = {name: record.action for name, record in RECORDS.items()}
