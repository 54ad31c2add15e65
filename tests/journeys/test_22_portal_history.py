"""Past questions: the list, opening, reloading, what is withheld, deleting."""

from playwright.sync_api import expect

from tests.journeys.browser import FIELD, answered, idle, sign_in, until


def test_an_answer_stays_after_a_reload_and_stands_in_the_list(page):
    sign_in(page)
    answered(page, "海外出張の日当はいくらですか")
    before = page.locator(".answer").inner_text()

    page.reload()
    page.locator(".summary").wait_for()
    idle(page)

    assert page.locator(".answer").inner_text() == before
    assert page.locator('.past a[aria-current="true"] span').inner_text() == "海外出張の日当はいくらですか"
    expect(page.locator("a.cite")).to_have_count(3)


def test_a_past_question_is_opened_from_the_list_and_a_new_one_begins_empty(portal, page):
    sign_in(page)
    answered(page, "海外出張の日当はいくらですか")
    first = page.url
    page.get_by_role("button", name="新しい質問").click()
    page.get_by_text("何をお調べですか").wait_for()
    assert "c=" not in page.url
    answered(page, "How is the daily allowance abroad paid?")
    expect(page.locator(".past a")).to_have_count(2)

    page.locator(".past a", has_text="海外出張").click()

    page.locator("h2.question", has_text="海外出張").wait_for()
    until(lambda: page.url == first, "the address names the conversation")
    expect(page.locator("h2.question")).to_have_count(1)
    assert page.locator('.past a[aria-current="true"] span').inner_text() == "海外出張の日当はいくらですか"


def test_a_question_in_an_open_conversation_goes_on_in_it(portal, page):
    sign_in(page)
    answered(page, "海外出張の日当はいくらですか")
    answered(page, "宿泊費の上限は")

    expect(page.locator(".past a")).to_have_count(1)
    page.reload()
    page.locator(".summary").nth(1).wait_for()
    assert [q.inner_text() for q in page.locator("h2.question").all()] == [
        "海外出張の日当はいくらですか",
        "宿泊費の上限は",
    ]


def test_the_conversation_is_still_there_after_a_look_at_the_documents(page):
    sign_in(page)
    answered(page, "海外出張の日当はいくらですか")
    address = page.url

    page.get_by_role("link", name="文書", exact=True).click()
    page.get_by_role("table").wait_for()
    page.get_by_role("link", name="質問する").click()

    page.locator(".summary").wait_for()
    until(lambda: page.url == address, "the address names the conversation again")


def test_what_its_reader_may_no_longer_see_is_withheld(page):
    sign_in(page)
    answered(page, "withheld 海外出張の日当は")

    page.reload()

    page.get_by_text("この回答は表示できません").wait_for()
    idle(page)
    assert page.locator("h2.question").inner_text() == "withheld 海外出張の日当は"
    expect(page.locator(".answer p span")).to_have_count(0)
    expect(page.locator("a.cite, a.card")).to_have_count(0)


def test_deleting_asks_first_and_then_the_conversation_is_gone(portal, page):
    sign_in(page)
    answered(page, "海外出張の日当はいくらですか")
    address = page.url

    page.get_by_role("button", name="この履歴を削除").click()
    page.get_by_role("dialog").get_by_text("元に戻せません").wait_for()
    page.get_by_role("button", name="やめる").click()
    page.get_by_role("dialog").wait_for(state="detached")
    expect(page.locator(".past a")).to_have_count(1)

    page.get_by_role("button", name="この履歴を削除").click()
    page.get_by_role("button", name="削除する").click()

    page.get_by_text("履歴を削除しました。").wait_for()
    assert page.get_by_text("これまでの質問はありません。").is_visible()
    page.goto(address)
    page.get_by_text("は見つかりません。").wait_for()


def test_somebody_elses_conversation_looks_like_none(portal, chromium, page):
    sign_in(page, "yamada")
    answered(page, "海外出張の日当はいくらですか")
    address = page.url
    with portal.page(chromium) as other:
        sign_in(other, "sato")

        other.goto(address)

        other.get_by_text("は見つかりません。").wait_for()
        assert other.locator(".turn").count() == 0
        assert other.locator(".past a").count() == 0


def test_a_link_of_the_list_is_an_ordinary_link_too(page):
    sign_in(page)
    answered(page, "海外出張の日当はいくらですか")

    with page.context.expect_page() as opened:
        page.locator(".past a").first.click(modifiers=["Control"])

    opened.value.wait_for_selector(FIELD)
    opened.value.locator(".summary").wait_for()
    assert opened.value.locator("h2.question").inner_text() == "海外出張の日当はいくらですか"
