"""The portal's doors: who gets in, under which address, and what an ended session takes away."""

import collections
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.journeys.browser import FIELD, answered, idle, sign_in, sign_in_by_hand, until
from ui.guard import CONTENT_SECURITY_POLICY

PAGES = ["/", "/documents", "/audit", "/?c=abc"]
PARTS = [
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/_stcore/script-health-check",
    "/_stcore/agent/openapi.json",
    "/_stcore/bidi-components/portal.bridge/bridge.js",
    "/_stcore/upload_file/a/b",
    "/media/a.png",
    "/component/a/index.html",
    "/static/js/index.js",
    "/app/static/x",
    "/documents/_stcore/health",
    "/audit/export",
    "/nowhere",
]


def opened(portal, *, cookie: str = "", origin: str | None = None, path: str = "/_stcore/stream"):
    headers = {"cookie": f"sid={cookie}"} if cookie else {}
    address = portal.address.replace("http", "ws") + path
    return connect(address, origin=origin, additional_headers=headers, subprotocols=["streamlit"], proxy=None)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("cookie", ["", "forged", "a; sid=b"])
def test_a_page_without_a_session_leads_to_the_sign_in_page(portal, path, cookie):
    answer = portal.api("GET", path, headers={"cookie": f"sid={cookie}"} if cookie else {})

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/signin")


@pytest.mark.parametrize("path", PARTS)
def test_nothing_else_of_the_portal_is_reached_without_a_session(portal, path):
    assert portal.api("GET", path).status_code == 401


@pytest.mark.parametrize(
    "path", ["/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/upload_file/a/b", "/app/static/x", "/nowhere"]
)
def test_with_a_session_only_what_our_pages_use_is_reached(portal, path):
    cookie = portal.cookie()

    assert portal.api("GET", "/", headers={"cookie": f"sid={cookie}"}).status_code == 200
    assert portal.api("GET", path, headers={"cookie": f"sid={cookie}"}).status_code == 404


def test_two_session_cookies_are_no_session(portal):
    """A cookie planted by a neighbouring host must not be preferred to ours, nor ours to it."""
    cookie = portal.cookie()

    answer = portal.api("GET", "/", headers={"cookie": f"sid={cookie}; sid={cookie}"})

    assert answer.status_code == 303


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1", "evil.example", "127.0.0.1:{port}.evil.example"])
@pytest.mark.parametrize("path", ["/", "/signin", "/assets/portal.css", "/api/me", "/_stcore/health"])
def test_another_host_is_refused_everywhere(portal, host, path):
    named = host.format(port=portal.address.rpartition(":")[2])

    answer = portal.api("GET", path, headers={"host": named})

    assert answer.status_code == 421
    assert portal.address in answer.text


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://localhost:{port}"])
@pytest.mark.parametrize("path", ["/signin", "/signout", "/api/session/demo", "/audit/export"])
def test_an_act_without_our_exact_origin_is_refused(portal, origin, path):
    named = origin and origin.format(port=portal.address.rpartition(":")[2])

    answer = portal.http.post(portal.address + path, headers={"origin": named} if named else {})

    assert answer.status_code == 403


@pytest.mark.parametrize("origin", [None, "http://evil.example", "http://localhost:1"])
def test_a_websocket_without_our_exact_origin_is_refused(portal, origin):
    with pytest.raises(InvalidStatus, match="403"):
        opened(portal, cookie=portal.cookie(), origin=origin)


@pytest.mark.parametrize("cookie", ["", "forged"])
def test_a_websocket_without_a_session_is_closed_with_4401(portal, cookie):
    with opened(portal, cookie=cookie, origin=portal.address) as socket, pytest.raises(ConnectionClosed, match="4401"):
        socket.recv(timeout=10)


def test_an_open_websocket_is_closed_with_4401_when_its_session_ends(portal):
    cookie = portal.cookie()
    with opened(portal, cookie=cookie, origin=portal.address) as socket:
        portal.api("DELETE", "/api/session", headers={"cookie": f"sid={cookie}"})

        with pytest.raises(ConnectionClosed, match="4401"):
            collections.deque(socket, maxlen=0)


@pytest.mark.parametrize(
    "path", ["/signin", "/", "/api/me", "/assets/shell.js", "/_stcore/health", "/nowhere", "/signin?out"]
)
def test_every_response_carries_the_policy(portal, path):
    headers = portal.api("GET", path).headers

    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert "blob:" not in headers["content-security-policy"]
    assert re.search(r"script-src 'self';", headers["content-security-policy"])
    assert path.startswith("/assets/") or headers["cache-control"] == "no-store"


def test_signing_in_leads_to_the_question_and_the_cookie_is_out_of_reach_of_scripts(portal, page):
    sign_in_by_hand(page)

    cookie = next(c for c in page.context.cookies() if c["name"] == "sid")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert "sid=" not in page.evaluate("document.cookie")
    assert page.title() == "質問する - 社内文書照会"
    assert page.get_by_text("あなたが閲覧できる 5 件の文書だけを調べ").is_visible()


def test_an_unknown_person_is_told_so_on_the_sign_in_page(portal):
    answer = portal.api("POST", "/signin", data={"person": "<b>mallory</b>"})

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "&lt;b&gt;mallory&lt;/b&gt; という利用者はいません。" in answer.text


def test_signing_out_replaces_the_page_and_the_way_back_is_closed(portal, page):
    sign_in(page)
    answered(page, "海外出張の日当はいくらですか")

    page.click(".st-key-account button")
    page.click(".menu form button")
    page.wait_for_url("**/signin?out")
    assert page.get_by_text("サインアウトしました。").is_visible()

    page.go_back()
    page.wait_for_url("**/signin**")
    assert not page.get_by_text("海外出張").is_visible()


def test_an_open_page_is_replaced_as_soon_as_its_session_ends(portal, page):
    sign_in(page)
    answered(page, "海外出張の日当はいくらですか")

    portal.api("POST", "/api/test/end-sessions")

    page.wait_for_url("**/signin?expired", timeout=5000)
    expect(page.locator(".answer")).to_have_count(0)


def test_signing_in_as_somebody_else_ends_the_session_that_was_open_here(portal, page):
    sign_in_by_hand(page, "yamada")
    other = page.context.new_page()
    other.address = portal.address

    sign_in_by_hand(other, "sato")

    page.wait_for_url("**/signin?expired", timeout=5000)
    other.reload()
    other.wait_for_selector(FIELD)
    idle(other)
    assert other.get_by_role("button", name="佐藤 健一").is_visible()


def test_the_page_has_our_language_and_title_and_no_inline_script(portal):
    cookie = portal.cookie()
    for language, title in (("ja", "社内文書照会"), ("en", "Document Inquiry")):
        page = portal.api("GET", "/", headers={"cookie": f"sid={cookie}; lang={language}"}).text

        assert f'<html lang="{language}">' in page
        assert f"<title>{title}</title>" in page
        assert "<script>" not in page
        assert "service-desc" not in page


def test_the_language_is_kept_and_leads_back(portal):
    answer = portal.api("GET", "/lang/en", headers={"referer": f"{portal.address}/documents"})

    assert answer.headers["location"] == "/documents"
    assert answer.cookies["lang"] == "en"


def test_the_portal_writes_nothing_into_home_and_listens_and_connects_on_loopback_only(portal, portal_home, page):
    sign_in(page)
    answered(page, "海外出張の日当はいくらですか")

    assert list(portal_home.rglob("*")) == []
    remote = {line.split()[2] for line in tcp_of(portal.pid)}
    assert remote
    assert all(address.startswith(("0100007F:", "00000000:0000")) for address in remote), remote


def tcp_of(pid: int) -> list[str]:
    """The process's IPv4 connections, as the kernel lists them."""
    inodes = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        target = os.readlink(handle)
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    return [line for line in lines if line.split()[9] in inodes]


def test_the_sign_in_page_works_with_the_keyboard_alone(portal, page):
    page.goto(f"{portal.address}/signin")
    assert page.evaluate("document.activeElement.value") == "yamada"

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.wait_for_selector(FIELD)
    until(lambda: page.get_by_role("button", name="佐藤 健一").is_visible(), "signed in as the second person")
