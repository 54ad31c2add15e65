"""The lists of the views, and the small decisions around them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from appliance.api.schemas.audit import AuditCase, AuditProof, AuditRow
from appliance.api.schemas.conversations import ConversationRow
from appliance.api.schemas.documents import DocumentRow
from appliance.api.schemas.people import Me
from appliance.errors import PortalNotBound
from ui import options
from ui.frame import account_menu, brand
from ui.options import PortalOptions, bind, bound
from ui.routes import export_span, way_back
from ui.serve import streamlit_settings
from ui.views.documents import listing as document_list
from ui.views.history import listing
from ui.views.story import actor, event_rows, story
from ui.visit import Visit

TOKYO = ZoneInfo("Asia/Tokyo")
ME = Me(
    id="sato",
    name="佐藤 <健一>",
    groups=["監査室", "<全>"],
    clearance="internal",
    roles=["reader", "auditor"],
    documents=3,
)
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=TOKYO)


def visit(language="ja", me=ME, opened=None) -> Visit:
    return Visit(api=None, me=me, language=language, zone=TOKYO, opened=opened)


def conversation(number: int, ago: timedelta) -> ConversationRow:
    return ConversationRow(id=f"c{number}", title=f"質問 {number}", updated=NOW - ago)


def test_past_questions_are_grouped_by_the_readers_own_days():
    rows = [
        conversation(1, timedelta(hours=8)),  # 1:00 in Tokyo, still yesterday in UTC
        conversation(2, timedelta(hours=10)),
        conversation(3, timedelta(days=7)),
        conversation(4, timedelta(days=8)),
    ]

    markup = listing(visit(), rows, "c2", NOW)

    today, week, older = (markup.index(f">{words}</h2>") for words in ("今日", "過去 7 日", "それ以前"))
    assert today < markup.index("質問 1") < week < markup.index("質問 2") < markup.index("質問 3") < older
    assert older < markup.index("質問 4")
    assert markup.count('aria-current="true"') == 1
    assert 'href="/?c=c2" target="_self" data-open="conversation:c2"' in markup


def test_no_past_question_is_said_and_a_hostile_title_is_text():
    assert "これまでの質問はありません。" in listing(visit(), [], None, NOW)
    hostile = ConversationRow(id='"><script>', title="<script>\u202e", updated=NOW)
    assert "<script>" not in listing(visit(), [hostile], None, NOW)


def row(index=0, **values) -> AuditRow:
    plain = {
        "index": index, "id": f"e{index}", "action": "question.received", "label": "質問の受付", "outcome": "success",
        "time": datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC) + timedelta(seconds=index),
        "actor_kind": "person", "actor": "yamada", "actor_name": "山田 花子", "case": "case1", "details": {},
        "texts": {},
    }  # fmt: skip
    return AuditRow(**{**plain, **values})


def proof(**values) -> AuditProof:
    return AuditProof(**{"index": 3, "size": 120, "root": "7f" * 32, "path": ["ab" * 32], "verified": True, **values})


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({}, "山田 花子"),
        ({"actor_name": ""}, "yamada"),
        ({"actor_kind": "owner", "actor_name": "uid 1000"}, "システム所有者"),
        ({"actor_kind": "service"}, "システム"),
        ({"actor_kind": "nobody"}, "未サインイン"),
    ],
)
def test_who_acted_is_said_in_words(values, shown):
    assert actor(visit(), row(**values)) == shown


def test_events_lead_to_their_case_and_tell_the_outcome_in_words():
    markup = event_rows(visit(), [row(7), row(8, outcome="denied", case="case2")], "case2", "case:")

    assert 'data-open="case:case1" aria-current="false">11-24 10:02:10</a>' in markup
    assert 'data-open="case:case2" aria-current="true"' in markup
    assert "拒否" in markup


def test_a_missing_text_is_said_to_be_missing_and_an_empty_one_is_not():
    events = [row(1, texts={"question": None, "answer": ""})]

    markup = story(visit(), AuditCase(case="case1", events=events, proof=proof()))

    assert markup.count("本文が欠落しています") == 1
    assert "質問" in markup.partition("本文が欠落しています")[0]


def test_a_story_names_the_passages_that_were_shown_and_the_document_that_it_is_about():
    known = {"collection": "rules", "path": "旅費規程.pdf", "title": "旅費規程"}
    place = {"part_kind": "page", "part_label": "2", "score": 0.9, "cosine": 0.9, "coverage": 0.5, "salt": "ab"}
    passages = [
        {"number": 1, "document": "k1", "version": "ab" * 32, "part": 2, "list": 3, "shown": True, "text": "cd", **known, **place},
        {"number": 2, "document": "k2", "version": "cd" * 32, "part": 1, "list": 3, "shown": False, "text": "cd", **dict.fromkeys((*known, *place))},
    ]  # fmt: skip
    events = [row(1, details={"passages": [1], "list": 3}, passages=passages, document={"key": "k1", **known})]

    markup = story(visit(), AuditCase(case="case1", events=events, proof=proof()))

    assert "<b>旅費規程</b>" in markup
    assert "rules/旅費規程.pdf" in markup
    assert "2 ページ ・ 版 abababababab…" in markup
    assert markup.index("表示した箇所") < markup.index("[1]") < markup.index("表示しなかった箇所") < markup.index("[2]")
    assert "登録から削除済み" in markup
    assert "<dt>passages</dt>" not in markup
    assert "<dt>list</dt>" in markup


def test_a_story_tells_steps_texts_and_proof_in_order():
    events = [
        row(1, texts={"question": "日当は？\n<b>"}),
        row(2, label="検索", details={"scores": [0.9], "filter": "ids"}),
        row(3, label="完了", outcome="aborted", texts={"answer": "支給する。"}),
    ]

    markup = story(visit(), AuditCase(case="case1", events=events, proof=proof()))

    assert markup.index("日当は？") < markup.index("検索") < markup.index("完了") < markup.index("包含証明 検証済み")
    assert "&lt;b&gt;" in markup
    assert "支給する。" in markup
    assert "<dt>scores</dt><dd>[0.9]</dd>" in markup
    assert "記録 3 / 全 120 件" in markup
    assert "中断" in markup


def test_a_proof_that_does_not_verify_is_not_called_verified():
    markup = story(visit(), AuditCase(case="case1", events=[row()], proof=proof(verified=False)))

    assert "検証済み" not in markup
    assert "包含証明を検証できません" in markup


def test_a_case_without_events_says_so():
    assert "条件に合う記録はありません。" in story(visit(), AuditCase(case="x", events=[], proof=proof()))


def test_documents_name_their_format_and_escape_their_titles():
    document = DocumentRow(
        key="k1", title="<b>規程", collection="人事", path="a/b.pdf", language="ja", classification="restricted",
        media_type="application/pdf", version="ab", updated=NOW, parts=12,
    )  # fmt: skip

    markup = document_list(visit(), [document])

    assert "&lt;b&gt;規程" in markup
    assert "人事/a/b.pdf" in markup
    assert "PDF" in markup
    assert "&quot;parts&quot;:12" in markup


def test_the_account_menu_escapes_names_and_offers_the_other_language():
    markup = account_menu(visit())

    assert "佐藤 &lt;健一&gt;" in markup
    assert "&lt;全&gt;" in markup
    assert 'href="/lang/en" lang="en"' in markup
    assert 'href="/lang/ja" lang="ja"' in account_menu(visit("en"))
    assert '<form method="post" action="/signout">' in markup
    assert "監査担当" in markup


@pytest.mark.parametrize(
    ("referer", "target"),
    [
        ("http://127.0.0.1:8600/documents", "/documents"),
        ("http://127.0.0.1:8600/?c=c1", "/?c=c1"),
        ("http://127.0.0.1:8600/audit?case=a-1&x=y", "/audit?case=a-1"),
        ("http://127.0.0.1:8600/signin?expired", "/signin"),
        ("http://127.0.0.1:8600/?c=%22%3E%3Cscript%3E", "/"),
        ("http://127.0.0.1:8600//evil.example", "/"),
        ("http://127.0.0.1:8600/api/me", "/"),
        ("http://evil.example/documents", "/"),
        ("http://127.0.0.1:8600.evil.example/documents", "/"),
        ("", "/"),
    ],
)
def test_a_change_of_language_leads_back_to_a_page_of_ours_only(referer, target):
    assert way_back(referer, "http://127.0.0.1:8600") == target


def test_the_brand_is_drawn_for_its_theme():
    assert "#E7EBF1" in brand("社内文書照会", dark=True)
    assert "#1B2430" in brand("社内文書照会", dark=False)
    assert 'width="208"' in brand("Document Inquiry", dark=False)


@pytest.mark.parametrize(
    ("fields", "span"),
    [
        ({}, {}),
        ({"from": "", "to": "", "person": " "}, {}),
        (
            {"from": "2026-11-01", "to": "2026-11-30", "zone": "Asia/Tokyo"},
            {"from": "2026-11-01T00:00:00+09:00", "to": "2026-12-01T00:00:00+09:00"},
        ),
        ({"from": "2026-11-01", "zone": "../../etc/passwd"}, {"from": "2026-11-01T00:00:00+00:00"}),
        ({"from": "2026-02-31", "zone": "Nowhere/City"}, {}),
        ({"person": " yamada "}, {"person": "yamada"}),
    ],
)
def test_an_export_spans_whole_days_of_the_readers_zone(fields, span):
    assert export_span(fields) == span


def test_options_are_bound_once_for_the_process(monkeypatch):
    monkeypatch.setattr(options, "_bound", [])
    with pytest.raises(PortalNotBound, match="started without its server"):
        bound()

    bind(PortalOptions(origin="http://127.0.0.1:8600", api="http://127.0.0.1:8600", people=()))

    assert bound().host == "127.0.0.1:8600"


def test_streamlits_settings_are_silent_and_closed():
    settings = streamlit_settings()

    assert settings["browser.gatherUsageStats"] is False
    assert settings["browser.serverAddress"] == "127.0.0.1"
    assert settings["client.showErrorDetails"] == "none"
    assert settings["server.fileWatcherType"] == "none"
    assert settings["server.headless"] is True
    assert settings["theme.dark.sidebar.backgroundColor"] == "#0E1218"


def test_the_theme_and_the_style_sheet_have_the_same_colours():
    style = (options.__spec__.origin.rpartition("/")[0]) + "/assets/portal.css"
    with open(style, encoding="utf-8") as sheet:
        css = sheet.read()

    settings = streamlit_settings()
    for token, name in (
        ("ink", "textColor"),
        ("paper", "backgroundColor"),
        ("wash", "secondaryBackgroundColor"),
        ("ai-fill", "primaryColor"),
    ):
        assert f"--{token}: light-dark({settings[f'theme.light.{name}']}, {settings[f'theme.dark.{name}']});" in css
