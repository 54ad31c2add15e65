"""The browser that the journeys use: it is there, it shows Japanese, and it reaches nothing but this machine."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, Error

from tests.services import require
from tests.services.chromium import japanese_font


class Hello(BaseHTTPRequestHandler):
    """Answers every request with one word."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


def test_it_opens_a_page_of_this_machine(browser: Browser) -> None:
    with HTTPServer(("127.0.0.1", 0), Hello) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        assert page.inner_text("body") == "hello"
        page.close()
        server.shutdown()
        thread.join()


def test_it_reaches_no_other_machine(browser: Browser) -> None:
    page = browser.new_page()
    with pytest.raises(Error, match="ERR_PROXY_CONNECTION_FAILED"):
        page.goto("http://rag.example.internal/")
    page.close()


def test_kanji_are_drawn_and_not_boxes(browser: Browser) -> None:
    require("A Japanese font", "make services, as root", here=japanese_font())
    page = browser.new_page()
    # A code point that nothing is assigned to is drawn as the box that a missing character becomes.
    page.set_content("<p id=a style='width:40px'>鬱</p><p id=b style='width:40px'>\U000e0fff</p><p id=c>憂</p>")
    kanji, box, other = (page.locator(f"#{name}").screenshot() for name in "abc")
    assert len({kanji, box, other}) == 3
    page.close()
