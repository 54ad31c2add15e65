"""Journey 30: the product whole, in a real Chromium: sign in, ask, see the cited sentence on its page, be audited, sign out.

Everything here is real: the files of the sample corpus, the engine, the embedder, the log. Journeys 20 to 24 go deeper
into the portal's states in front of an API that can be told what to answer.
"""

from __future__ import annotations

import pytest

from tests.journeys.browser import FIELD, answered, ask, findings, idle, sideways, sign_in, sign_in_by_hand

pytestmark = [pytest.mark.journey, pytest.mark.slow]

SCREENS = {
    "wide-light-ja": {"width": 1280, "height": 900, "scheme": "light", "language": "ja"},
    "narrow-dark-en": {"width": 360, "height": 780, "scheme": "dark", "language": "en"},
}
QUESTIONS = {
    "ja": ("海外出張の宿泊費の上限はいくらですか", "20,000円"),
    "en": ("How soon do I have to report a lost or stolen device?", "within 1 hour"),
}
HIDDEN = "評語がSの人の賞与の係数はいくつですか。"


@pytest.fixture(params=SCREENS, ids=str)
def screen(request, chromium, product):
    """A page on one kind of screen, and its language."""
    kind = SCREENS[request.param]
    with product.page(chromium, **kind) as page:
        yield page, kind["language"]


def test_an_answer_cites_a_page_and_shows_the_sentence_on_it(screen):
    page, language = screen
    question, phrase = QUESTIONS[language]

    sign_in_by_hand(page, "parker")
    answered(page, question)

    assert phrase in page.locator(".answer").inner_text()
    assert findings(page) == []
    assert sideways(page) == 0
    page.click("a.cite")
    page.wait_for_selector("dialog[open] .preview-page i")
    assert page.locator("dialog[open] .preview-page img").evaluate("image => image.naturalWidth") > 600
    assert findings(page) == []
    page.keyboard.press("Escape")


def test_a_section_opens_with_the_sentence_marked(chromium, product):
    with product.page(chromium) as page:
        sign_in(page, "yamada")
        answered(page, "文書の保存期間が満了したとき、廃棄はどのように行いますか")

        page.click("a.cite")

        page.wait_for_selector("dialog[open] mark")
        marked = page.locator("dialog[open] mark").first.inner_text()
        assert marked.strip()[:10] in page.locator(".answer").inner_text()


def test_the_same_question_has_an_answer_for_one_person_and_none_for_the_other(chromium, product):
    with product.page(chromium) as page:
        sign_in(page, "suzuki")
        answered(page, HIDDEN)
        assert "1.40" in page.locator(".answer").inner_text()

    with product.page(chromium) as page:
        sign_in(page, "yamada")
        ask(page, HIDDEN)
        page.locator(".notice-quiet").wait_for()
        idle(page)
        assert "1.40" not in page.content()
        assert "人事評価" not in page.content()


def test_a_past_question_is_opened_again_after_a_reload(chromium, product):
    with product.page(chromium) as page:
        sign_in(page, "tanaka")
        answered(page, QUESTIONS["ja"][0])
        page.reload()
        page.wait_for_selector(FIELD)
        page.locator(".answer").wait_for()

        assert QUESTIONS["ja"][1] in page.locator(".answer").inner_text()


def test_the_auditor_reads_a_question_as_a_story_with_its_proof(chromium, product):
    with product.page(chromium) as page:
        sign_in(page, "yamada")
        answered(page, QUESTIONS["ja"][0])
    with product.page(chromium) as page:
        sign_in(page, "sato")
        page.goto(f"{page.address}/audit")
        page.locator("table.list").wait_for()
        idle(page)
        assert findings(page) == []

        page.locator("table.list a", has_text="").first.click()
        page.locator(".story .proof").wait_for()

        assert "検証済み" in page.locator(".story .proof").inner_text()


def test_documents_are_those_of_the_reader(chromium, product):
    with product.page(chromium) as page:
        sign_in(page, "yamada")
        page.goto(f"{page.address}/documents")
        page.locator("table.list").wait_for()
        idle(page)

        text = page.locator("table.list").inner_text()

        assert "旅費規程" in text
        assert "人事評価・賞与規程" not in text
        assert findings(page) == []


def test_signing_out_ends_every_open_page(chromium, product):
    with product.page(chromium) as page:
        sign_in(page, "yamada")
        other = page.context.new_page()
        other.goto(f"{page.address}/documents")
        other.locator("table.list").wait_for()

        page.locator(".st-key-account button").first.click()
        page.locator('form[action="/signout"] button').click()

        page.wait_for_url("**/signin*")
        other.wait_for_url("**/signin*")


def test_the_sign_in_page_names_people_and_groups_in_the_language_of_the_page(product):
    english = product.api("GET", "/signin", headers={"accept-language": "en"}).text
    japanese = product.api("GET", "/signin", headers={"accept-language": "ja"}).text

    assert "<b>Kenichi Sato</b>" in english
    assert "全行員" not in english
    assert "<b>佐藤 健一</b>" in japanese
