"""What a reader may see as a list, and the audit view of the auditor."""

import json
import zipfile

from playwright.sync_api import expect

from tests.journeys.browser import idle, sign_in, until

DIALOG = "dialog.preview[open]"


def test_the_list_shows_what_the_reader_may_see_and_filters_it(page):
    sign_in(page)
    page.get_by_role("link", name="文書", exact=True).click()
    page.get_by_role("table").wait_for()
    assert page.get_by_text("あなたが閲覧できる文書 5 件").is_visible()
    expect(page.get_by_role("row")).to_have_count(6)
    assert page.get_by_text("監査計画").count() == 0

    page.get_by_label("文書名・パスで絞り込み").fill("海外")
    page.keyboard.press("Enter")
    until(lambda: page.get_by_role("row").count() == 2, "the filter by name")
    page.get_by_label("文書名・パスで絞り込み").fill("ない文書")
    page.keyboard.press("Enter")

    page.get_by_text("条件に合う文書はありません。").wait_for()


def test_a_document_opens_page_by_page(page):
    sign_in(page)
    page.goto(f"{page.address}/documents")
    page.get_by_role("link", name="旅費規程").click()
    page.wait_for_selector(f"{DIALOG} .preview-page img")
    assert "1 / 2" in page.locator(f"{DIALOG} .preview-where").inner_text()
    assert page.locator(f"{DIALOG} .preview-prev").is_disabled()

    page.get_by_role("button", name="次のページ").click()

    until(lambda: "2 / 2" in page.locator(f"{DIALOG} .preview-where").inner_text(), "the second page")
    assert page.locator(f"{DIALOG} .preview-next").is_disabled()
    expect(page.locator(f"{DIALOG} .preview-page i")).to_have_count(0)


def test_a_part_that_may_not_be_seen_any_more_is_told_in_the_apis_words(portal, page):
    sign_in(page)
    page.goto(f"{page.address}/documents")
    page.get_by_role("table").wait_for()
    link = page.get_by_role("link", name="日当一覧")
    link.evaluate("(a) => { a.dataset.preview = a.dataset.preview.replace('\"k5\"', '\"k99\"') }")
    link.click()

    page.locator(f"{DIALOG} .preview-said", has_text="閲覧できる文書の中に k99 はありません。").wait_for()


def test_only_an_auditor_has_the_audit_view_and_the_address_alone_opens_nothing(page):
    sign_in(page, "yamada")
    assert page.get_by_role("link", name="監査").count() == 0

    page.goto(f"{page.address}/audit")

    page.get_by_text("この操作には役割 auditor が必要です。").wait_for()
    expect(page.locator("table")).to_have_count(0)


def test_one_question_is_told_as_a_story_with_its_proof(page):
    sign_in(page, "sato")
    page.get_by_role("link", name="監査").click()
    page.get_by_role("table").wait_for()
    page.locator("table a >> nth=1").click()
    page.locator(".proof").wait_for()

    story = page.locator(".story")
    assert [step.inner_text() for step in story.locator(".path-of > li > span:first-of-type").all()] == [
        "サインイン", "質問の受付", "質問への検索結果", "回答の完了", "アクセスの拒否",
    ]  # fmt: skip
    assert "海外出張の日当はいくらですか" in story.inner_text()
    assert "包含証明 検証済み" in story.inner_text()
    assert "記録 119 / 全 120 件" in story.inner_text()
    story.get_by_text("記録の内容").nth(1).click()
    assert story.get_by_text('["c-01", "c-02"]').is_visible()
    assert "case=" in page.url
    page.reload()
    page.locator(".proof").wait_for()


def test_the_log_is_filtered_and_paged(portal, page):
    sign_in(page, "sato")
    page.goto(f"{page.address}/audit")
    page.get_by_role("table").wait_for()
    idle(page)
    page.get_by_role("button", name="前の記録").click()
    until(lambda: page.locator("tbody tr").first.inner_text().endswith("69"), "the second page of the list")
    page.get_by_role("button", name="新しい記録").click()
    until(lambda: page.locator("tbody tr").first.inner_text().endswith("119"), "the first page again")

    page.get_by_label("利用者", exact=True).fill("nobody")
    page.keyboard.press("Enter")

    page.get_by_text("条件に合う記録はありません。").wait_for()


def test_the_whole_log_is_verified_on_request(portal, page):
    sign_in(page, "sato")
    page.goto(f"{page.address}/audit")
    page.get_by_role("button", name="ログ全体を検証").click()

    page.get_by_text("記録 120 件はすべて署名付きチェックポイントと一致します。").wait_for()


def test_the_export_goes_to_the_browser_as_a_file(portal, page, tmp_path):
    sign_in(page, "sato")
    page.goto(f"{page.address}/audit")
    page.get_by_text("監査記録を書き出す").click()
    page.get_by_label("開始日").fill("2026-11-01")
    page.get_by_label("終了日").fill("2026-11-30")

    with page.expect_download() as download:
        page.get_by_role("button", name="書き出す", exact=True).click()

    assert download.value.suggested_filename.endswith(".zip")
    download.value.save_as(tmp_path / "export.zip")
    assert zipfile.is_zipfile(tmp_path / "export.zip")
    asked = next(call for call in portal.state()["calls"] if call.startswith("export"))
    assert json.loads(asked.removeprefix("export ")) == {
        "from": "2026-11-01T00:00:00+09:00",
        "to": "2026-12-01T00:00:00+09:00",
    }


def test_an_export_that_is_refused_is_told_on_a_page(portal):
    cookie = portal.cookie("yamada")

    answer = portal.api("POST", "/audit/export", headers={"cookie": f"sid={cookie}"}, data={"person": "x"})

    assert answer.status_code == 403
    assert "この操作には役割 auditor が必要です。" in answer.text
