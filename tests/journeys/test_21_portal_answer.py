"""A question from the keyboard to the marked passage: streaming, stopping, sources, refusals, hostile text."""

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import FIELD, answered, ask, idle, sign_in, until
from tests.journeys.fake_corpus import HOSTILE

DIALOG = "dialog.preview[open]"


def test_the_answer_is_written_while_it_comes_and_its_sources_open_meanwhile(portal, page):
    portal.api("POST", "/api/test/pause/0.15")
    sign_in(page)
    ask(page, "海外出張の日当はいくらですか")

    page.wait_for_selector("a.cite")
    assert page.get_by_text("回答を作成しています").is_visible()
    page.click("a.cite")
    page.wait_for_selector(f"{DIALOG} .preview-page i")

    assert portal.state()["writing"] == 1, "the preview must open while the answer is still written"
    grown = page.locator(".answer").inner_text()
    until(lambda: len(page.locator(".answer").inner_text()) > len(grown), "the answer goes on under the preview")
    page.wait_for_selector(".summary", state="attached")
    assert page.locator(".summary").inner_text().startswith("4 文のうち 3 文を出典で確認")


def test_a_citation_of_a_pdf_shows_the_page_with_the_passage_marked(portal, page):
    sign_in(page)
    answered(page, "海外出張の日当はいくらですか")
    runs = len(portal.state()["calls"])

    page.click("a.cite >> nth=0")
    page.wait_for_selector(f"{DIALOG} .preview-page i")

    box, picture = (
        page.locator(f"{DIALOG} .preview-page i").bounding_box(),
        page.locator(f"{DIALOG} img").bounding_box(),
    )
    assert picture["y"] < box["y"] < box["y"] + box["height"] < picture["y"] + picture["height"]
    assert box["width"] > picture["width"] / 2
    assert page.locator(f"{DIALOG} .preview-quote").inner_text().startswith("海外出張の日当は、")
    calls = portal.state()["calls"][runs:]
    assert calls == ["GET /api/documents/k1/versions/" + "ab" * 32 + "/pages/2"], (
        "one picture, no run of the page script"
    )


def test_a_citation_of_a_text_shows_the_section_with_the_passage_marked(page):
    """Offsets count characters: the emoji before the passage takes five UTF-16 units and three characters."""
    sign_in(page)
    answered(page, "海外出張の日当はいくらですか")

    page.click("a.cite >> nth=2")
    page.wait_for_selector(f"{DIALOG} .preview-text mark")

    assert page.locator(f"{DIALOG} mark").inner_text() == "上限を超える場合は、5 営業日前までに承認を得る。"
    assert "担当は人事部とする。" in page.locator(f"{DIALOG} .preview-text").inner_text()


def test_the_preview_is_driven_by_keys_and_gives_the_focus_back(page):
    sign_in(page)
    answered(page, "海外出張の日当はいくらですか")

    page.focus("a.cite >> nth=1")
    page.keyboard.press("Enter")
    page.wait_for_selector(DIALOG)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "閉じる"
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(f"{DIALOG} mark")
    assert "[3]" in page.locator(f"{DIALOG} .preview-where").inner_text()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    until(lambda: "[1]" in page.locator(f"{DIALOG} .preview-where").inner_text(), "back at the first source")
    assert page.locator(f"{DIALOG} .preview-prev").is_disabled()

    page.keyboard.press("Escape")

    expect(page.locator(DIALOG)).to_have_count(0)
    assert page.evaluate("document.activeElement.hash") == "#source-0-2"


def test_the_keys_go_through_the_cited_sources_and_a_passage_only_read_is_told_apart(page):
    sign_in(page)
    answered(page, "海外出張の日当はいくらですか")
    cited = page.locator("ul.cards").first.locator("a.card")
    last = cited.last.get_attribute("href")

    cited.last.click()
    page.wait_for_selector(DIALOG)

    assert page.locator(f"{DIALOG} .preview-next").is_disabled()
    assert page.locator(f"{DIALOG} .preview-hint").inner_text() == "色の付いた部分が根拠です。"
    page.keyboard.press("Escape")
    page.locator(".fold summary").first.click()
    other = page.locator(".fold a.card").first
    assert other.get_attribute("href") != last
    other.click()
    page.wait_for_selector(DIALOG)
    assert "回答には使っていません" in page.locator(f"{DIALOG} .preview-hint").inner_text()
    assert page.locator(f"{DIALOG} .preview-prev").is_disabled()


def test_stop_ends_the_answer_at_the_api_and_keeps_what_was_written(portal, page):
    portal.api("POST", "/api/test/pause/0.3")
    sign_in(page)
    ask(page, "海外出張の日当はいくらですか")
    page.wait_for_selector(".answer")

    page.get_by_role("button", name="停止").click()

    until(lambda: portal.state()["writing"] == 0, "the API writes no more", 3)
    assert portal.state()["ended_early"] == 1
    idle(page)
    assert page.get_by_text("途中で停止しました。ここまでの文だけを表示しています。").is_visible()
    kept = page.locator(".answer").inner_text()
    assert kept
    portal.api("POST", "/api/test/pause/0.01")
    answered(page, "もう一つの質問")
    assert page.locator(".answer").first.inner_text().startswith(kept)
    assert page.locator("p.stopped").first.is_visible()


def test_stop_works_while_nothing_comes(portal, page):
    sign_in(page)
    ask(page, "slow の質問")
    page.wait_for_selector(".steps .now")

    page.get_by_role("button", name="停止").click()

    until(lambda: portal.state()["writing"] == 0, "the API writes no more", 3)
    idle(page)
    assert page.get_by_text("回答が始まる前に停止しました。").is_visible()
    assert not page.get_by_text("文書を調べています").is_visible()


@pytest.mark.parametrize("way", ["reload", "leave", "close"])
def test_whoever_leaves_ends_the_answer_at_the_api(portal, page, way):
    portal.api("POST", "/api/test/pause/0.3")
    sign_in(page)
    ask(page, "海外出張の日当はいくらですか")
    page.wait_for_selector(".answer")

    if way == "reload":
        page.reload()
    elif way == "leave":
        page.get_by_role("link", name="文書").click()
    else:
        page.close()

    until(lambda: portal.state()["writing"] == 0, "the API writes no more", 5)
    assert portal.state()["ended_early"] == 1


def test_a_refusal_says_what_it_means_and_what_to_do(page):
    sign_in(page)
    ask(page, "役員報酬の決め方を教えてください")

    page.get_by_text("閲覧できる文書の中に、根拠となる記述が見つかりませんでした").last.wait_for()
    assert page.get_by_text("区別せずにこの表示になります").is_visible()
    expect(page.locator("a.card")).to_have_count(0)


def test_an_error_in_the_middle_is_told_with_its_case(page):
    sign_in(page)
    ask(page, "broken な質問")

    page.get_by_text("索引が使えません。運用担当者に連絡してください。").wait_for()
    assert page.get_by_text("照会番号").is_visible()


def test_a_question_that_the_api_refuses_is_told_in_its_words(portal, page):
    sign_in(page)
    portal.api("POST", "/api/test/refuse/question-too-long")
    ask(page, "長い質問")

    page.get_by_text("質問が長すぎます。").wait_for()
    answered(page, "短い質問")


def test_hostile_text_is_only_text(portal, page):
    """Markup, links, images, maths, direction and terminal controls in a passage, a title and an answer."""
    sign_in(page)
    answered(page, "hostile な質問")

    shown = page.locator(".answer").inner_text()
    for piece in (
        '<img src=x onerror="alert(1)">',
        "[click](https://evil.example/?q=1)",
        "$x$",
        "⟨U+202E⟩",
        "⟨U+001B⟩",
    ):
        assert piece in shown
    assert page.locator(".card-text > b").first.inner_text() == "用語集 <b>太字</b>"
    page.click("a.card >> nth=0")
    page.wait_for_selector(f"{DIALOG} mark")
    assert "⟨U+202E⟩evil" in page.locator(f"{DIALOG} mark").inner_text()
    away = page.evaluate(
        "[...document.querySelectorAll('a, img')].map(e => e.href || e.src).filter(u => u.includes('evil'))"
    )
    assert away == []
    expect(page.locator(".answer img, dialog img")).to_have_count(0)
    assert "\u202e" not in page.content()
    assert HOSTILE not in page.content()


def test_a_hostile_question_is_only_text(page):
    sign_in(page)
    answered(page, "<script>alert(1)</script><img src=x onerror=alert(2)> **a** :red[b]")

    assert (
        page.locator("h2.question").inner_text()
        == "<script>alert(1)</script><img src=x onerror=alert(2)> **a** :red[b]"
    )
    assert page.locator(".past a").first.inner_text().startswith("<script>")


def test_the_enter_that_confirms_kanji_does_not_send(portal, page):
    """Real composition events, as an input method makes them."""
    sign_in(page)
    page.focus(FIELD)
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "にっとう", "selectionStart": 4, "selectionEnd": 4})
    keyboard.send("Input.imeSetComposition", {"text": "日当", "selectionStart": 2, "selectionEnd": 2})
    confirm = {"key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229, "nativeVirtualKeyCode": 229}
    keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **confirm})
    page.evaluate(
        f"document.querySelector('{FIELD}').dispatchEvent(new KeyboardEvent('keydown',"
        "{key: 'Enter', code: 'Enter', keyCode: 13, isComposing: true, bubbles: true, cancelable: true}))"
    )
    keyboard.send("Input.insertText", {"text": "日当"})
    keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **confirm})
    page.wait_for_timeout(500)

    assert page.input_value(FIELD) == "日当"
    assert "POST /api/ask" not in portal.state()["calls"]

    page.press(FIELD, "Enter")
    page.locator(".summary").wait_for()
    assert page.locator("h2.question").inner_text() == "日当"


def test_shift_enter_breaks_the_line_and_enter_sends(page):
    sign_in(page)
    page.fill(FIELD, "一行目")
    page.press(FIELD, "Shift+Enter")
    page.keyboard.type("二行目")
    page.press(FIELD, "Enter")

    page.locator(".summary").wait_for()
    assert page.locator("h2.question").inner_text().split() == ["一行目", "二行目"]


def test_an_example_is_asked_with_one_click(page):
    sign_in(page)
    page.get_by_role("button", name="海外出張の日当はいくらですか").click()

    page.locator(".summary").wait_for()
    assert page.locator("h2.question").inner_text() == "海外出張の日当はいくらですか"


def test_a_reader_without_documents_is_told_why_and_offered_no_examples(page):
    sign_in(page, "nobody")

    assert page.get_by_text("あなたが閲覧できる文書はまだありません。").is_visible()
    expect(page.locator(".st-key-examples button")).to_have_count(0)


def test_a_source_cited_twice_by_a_sentence_has_one_chip_and_uncited_passages_stand_in_a_fold(page):
    sign_in(page)
    answered(page, "海外出張の日当はいくらですか")

    assert [chip.inner_text() for chip in page.locator("a.cite").all()] == ["1", "2", "3"]
    assert page.get_by_text("ほかに調べた箇所").is_visible()
    expect(page.locator("details.fold a.card")).to_have_count(1)


def test_a_reader_inside_the_sources_keeps_the_focus_when_the_answer_ends(portal, page):
    """Streamlit moves the focus to the question field at the end of a run."""
    portal.api("POST", "/api/test/pause/0.1")
    sign_in(page)
    ask(page, "海外出張の日当はいくらですか")
    page.wait_for_selector("a.cite")
    page.click("a.cite")
    page.wait_for_selector(f"{DIALOG} .preview-page i")

    page.locator(".summary").wait_for(state="attached")
    idle(page)
    page.wait_for_timeout(400)

    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "閉じる"


def test_on_a_narrow_screen_the_menu_closes_with_every_choice_and_stays_closed(chromium, portal):
    with portal.page(chromium, width=360, height=780) as page:
        sign_in(page, "sato")
        for choice in ("文書", "質問する"):
            page.get_by_role("button", name="メニューを開く").click()
            page.get_by_role("link", name=choice, exact=True).click()
            idle(page)
            expect(page.locator('[data-testid="stSidebar"][aria-expanded="true"]')).to_have_count(0)
        page.get_by_role("button", name="メニューを開く").click()
        page.get_by_role("button", name="新しい質問").click()
        idle(page)
        expect(page.locator('[data-testid="stSidebar"][aria-expanded="true"]')).to_have_count(0)
        page.reload()
        page.wait_for_selector(FIELD)
        idle(page)
        expect(page.locator('[data-testid="stSidebar"][aria-expanded="true"]')).to_have_count(0)
