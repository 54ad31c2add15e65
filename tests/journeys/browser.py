"""A real Chromium for journeys, and the portal as a person drives it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from ui.client import NoCookies

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RESTING = '[data-testid="stApp"][data-test-script-state="notRunning"]'
FIELD = '[data-testid="stChatInputTextArea"]'


def until(true: Callable[[], object], what: str, seconds: float = 15) -> None:
    """Wait until something holds; fails by name when it does not."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def _http() -> httpx.Client:
    # A connection that waits in a pool may be closed by the server just when the next call takes it.
    once = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(trust_env=False, cookies=NoCookies(), limits=once)


@dataclass
class Portal:
    """A running portal. `http` keeps no cookie, so that no call carries a person by accident."""

    address: str
    pid: int
    http: httpx.Client = field(default_factory=_http)

    def api(self, method: str, path: str, **more) -> httpx.Response:
        """A call that carries our exact origin and nothing of a person."""
        headers = {"origin": self.address, **more.pop("headers", {})}
        return self.http.request(method, self.address + path, headers=headers, **more)

    def state(self) -> dict:
        return self.api("GET", "/api/test/state").json()

    def reset(self) -> None:
        self.api("POST", "/api/test/reset")

    def cookie(self, person: str = "yamada") -> str:
        answer = self.api("POST", "/signin", data={"person": person})
        return answer.cookies["sid"]

    @contextmanager
    def page(
        self, chromium: Browser, width=1280, height=900, scheme="light", language="ja", zone="Asia/Tokyo"
    ) -> Iterator[Page]:
        """A new person's browser. It keeps what must never happen in `page.seen`, and checks it at the end."""
        locale = "ja-JP" if language == "ja" else "en-GB"
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, locale=locale, timezone_id=zone
        )
        page = context.new_page()
        seen: list[str] = []
        page.on("request", lambda r: seen.append(r.url) if not r.url.startswith((self.address, "data:")) else None)
        page.on("console", lambda m: seen.append(m.text) if "Content Security Policy" in m.text else None)
        page.on("pageerror", lambda error: seen.append(str(error)))
        page.on("dialog", lambda dialog: (seen.append(dialog.message), dialog.dismiss()))
        page.address, page.portal = self.address, self
        try:
            yield page
            assert seen == [], "requests to other origins, violations of the policy, or errors of a script"
        finally:
            context.close()


def sign_in(page: Page, person: str = "yamada") -> None:
    """Open the portal in a session of this person, without the way over the sign-in page."""
    session = {"name": "sid", "value": page.portal.cookie(person), "url": page.address}
    page.context.add_cookies([{**session, "httpOnly": True, "sameSite": "Strict"}])
    page.goto(f"{page.address}/")
    page.wait_for_selector(FIELD)
    idle(page)


def sign_in_by_hand(page: Page, person: str = "yamada") -> None:
    """Choose a person on the sign-in page."""
    page.goto(f"{page.address}/signin")
    page.click(f'button[value="{person}"]')
    page.wait_for_selector(FIELD)
    idle(page)


def idle(page: Page) -> None:
    """Wait for the end of the run of the page script; a rerun may follow at once, so the rest must last a moment."""
    rested = 0
    while rested < 2:
        page.wait_for_selector(RESTING)
        page.wait_for_timeout(100)
        rested = rested + 1 if page.locator(RESTING).count() else 0


def ask(page: Page, question: str) -> None:
    page.fill(FIELD, question)
    page.press(FIELD, "Enter")


def answered(page: Page, question: str) -> None:
    """Ask, and wait for the whole answer."""
    idle(page)  # until then Streamlit still shows what an earlier run drew
    before = page.locator(".summary").count()
    ask(page, question)
    page.locator(".summary").nth(before).wait_for()
    idle(page)


def findings(page: Page) -> list[str]:
    """What axe finds on this page (WCAG 2.2 A and AA, best practice), each as one line."""
    options = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": AXE_TAGS}}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{v['id']}: {[node['target'] for node in v['nodes']]}" for v in found]


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return page.evaluate(
        "Math.max(0, ...[document.documentElement, ...document.querySelectorAll('.stMain, .preview-scroll')]"
        ".map((part) => part.scrollWidth - part.clientWidth))"
    )
