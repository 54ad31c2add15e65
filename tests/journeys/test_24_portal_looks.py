"""Every view in both languages, both themes, narrow and wide: axe finds nothing, nothing is wider than the window."""

import pytest

from tests.journeys.browser import FIELD, answered, ask, findings, idle, sideways, sign_in, until

SCREENS = {
    "wide-light-ja": {"width": 1280, "height": 900, "scheme": "light", "language": "ja"},
    "widest-dark-en": {"width": 1600, "height": 900, "scheme": "dark", "language": "en"},
    "narrow-light-ja": {"width": 360, "height": 780, "scheme": "light", "language": "ja"},
    "narrow-dark-en": {"width": 360, "height": 780, "scheme": "dark", "language": "en"},
}
QUESTION = {"ja": "海外出張の日当はいくらですか", "en": "How is the daily allowance abroad paid?"}


@pytest.fixture(params=SCREENS, ids=str)
def screen(request, chromium, portal):
    """A page on one kind of screen, and its language."""
    kind = SCREENS[request.param]
    with portal.page(chromium, **kind) as page:
        yield page, kind["language"]


def check(page, name: str) -> None:
    assert sideways(page) == 0, f"{name} is wider than its window"
    assert findings(page) == [], f"{name}: axe"


def test_sign_in(screen):
    page, _ = screen
    page.goto(f"{page.address}/signin?expired")
    check(page, "sign-in")


def test_asking_and_everything_that_an_answer_can_be(screen):
    page, language = screen
    sign_in(page, "sato")
    check(page, "empty page")
    answered(page, QUESTION[language])
    check(page, "answer")
    page.click("a.cite")
    page.wait_for_selector("dialog[open] :is(.preview-page i, mark)")
    check(page, "preview")
    page.keyboard.press("Escape")
    ask(page, "役員報酬" if language == "ja" else "executive pay")
    page.locator(".notice-quiet").wait_for()
    idle(page)
    check(page, "refusal")
    ask(page, "broken")
    page.locator(".notice-bad").wait_for()
    idle(page)
    check(page, "error")
    page.locator(".st-key-delete button").click()
    page.get_by_role("dialog").wait_for()
    check(page, "delete")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    ask(page, "slow")
    page.locator(".steps .now").wait_for()
    check(page, "waiting")
    page.locator('[data-testid="stChatInput"] button').click()
    page.locator(".when-halted:visible").wait_for()
    idle(page)
    check(page, "stopped")


def test_a_withheld_turn(screen):
    page, language = screen
    sign_in(page, "sato")
    answered(page, f"withheld {QUESTION[language]}")
    page.reload()
    page.locator(".notice-warn").wait_for()
    idle(page)
    check(page, "withheld")


def test_documents_and_account(screen):
    page, _ = screen
    sign_in(page, "sato")
    page.goto(f"{page.address}/documents")
    page.get_by_role("table").wait_for()
    idle(page)
    check(page, "documents")
    page.locator("table a >> nth=3").click()
    page.wait_for_selector("dialog[open] .preview-text")
    check(page, "a document")
    page.keyboard.press("Escape")
    page.locator(".st-key-account button").click()
    page.locator(".menu").wait_for()
    check(page, "account")


def test_audit(screen):
    page, _ = screen
    sign_in(page, "sato")
    page.goto(f"{page.address}/audit")
    page.get_by_role("table").wait_for()
    idle(page)
    page.locator("table a >> nth=1").click()
    page.locator(".proof").wait_for()
    page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
    page.locator(".st-key-verify button").click()
    page.locator(".notice-good").wait_for()
    idle(page)
    check(page, "audit")


def test_the_drawer_of_a_narrow_screen_holds_pages_and_past_questions(portal, chromium):
    with portal.page(chromium, width=360, height=780) as page:
        sign_in(page, "sato")
        answered(page, QUESTION["ja"])
        page.get_by_role("button", name="メニューを開く").click()
        page.locator(".past a").wait_for()

        check(page, "drawer")
        page.get_by_role("link", name="監査").click()
        page.get_by_role("table").wait_for()


def test_the_theme_is_chosen_in_the_account_menu_and_kept(page):
    """Streamlit keeps its theme under a key of its own; shell.js writes it."""
    sign_in(page)
    paper = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
    assert page.evaluate(paper) == "rgb(255, 255, 255)"

    page.locator(".st-key-account button").click()
    page.locator('[data-theme="Dark"]').click()
    page.wait_for_selector(FIELD)
    idle(page)

    assert page.evaluate(paper) == "rgb(18, 22, 29)"
    assert page.evaluate("document.documentElement.style.colorScheme") == "dark"
    page.locator(".st-key-account button").click()
    assert page.locator('[data-theme="Dark"]').get_attribute("aria-current") == "true"


def test_the_language_is_chosen_in_the_account_menu_and_the_conversation_stays(page):
    sign_in(page)
    answered(page, QUESTION["ja"])
    page.locator(".st-key-account button").click()
    page.get_by_role("link", name="English").click()

    page.locator(".summary").wait_for()
    assert page.locator("html").get_attribute("lang") == "en"
    assert "3 of 4 sentences confirmed" in page.locator(".summary").inner_text()
    assert page.get_by_role("button", name="New question").is_visible()


def test_nothing_streamlit_says_is_english_on_a_japanese_page(page):
    sign_in(page)
    answered(page, QUESTION["ja"])
    words = page.evaluate(
        "[...document.querySelectorAll('[aria-label], [placeholder], [alt], [title]')].flatMap((e) =>"
        " ['aria-label', 'placeholder', 'alt', 'title'].map((n) => e.getAttribute(n)))"
        ".concat(document.querySelector('[data-testid=\"stSkipToContent\"]')?.textContent)"
        ".filter((w) => w && /^[ -~]+$/.test(w) && /[a-z]/.test(w))"
    )
    assert words == []


def test_the_way_through_an_answer_with_the_keyboard(page):
    sign_in(page)
    answered(page, QUESTION["ja"])
    seen = []
    page.locator("h2.question").click()
    for _ in range(25):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate("document.activeElement.hash || document.activeElement.getAttribute('aria-label') || ''")
        )

    chips = [at for at, name in enumerate(seen) if name.startswith("#source-")]
    assert [seen[at] for at in chips][:4] == ["#source-0-1", "#source-0-2", "#source-0-3", "#source-0-1"]


def test_a_page_that_asks_elsewhere_is_noticed_and_gets_nothing(chromium):
    """The positive control of what `portal.page` watches for."""
    page = chromium.new_page()
    asked = []
    page.on("requestfailed", lambda request: asked.append(request.url))
    page.set_content('<img src="http://example.invalid/x.png">')
    until(lambda: asked, "the request has failed")
    page.close()

    assert asked == ["http://example.invalid/x.png"]
