"""A real Chromium, as people have it: Debian's, driven by Playwright, talking to this machine only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.services import require

NAMES = ("chromium", "chromium-browser", "google-chrome")
# The browser itself calls home when it starts: everything but loopback goes to a port where nobody listens.
QUIET = [
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>;127.0.0.1;localhost;[::1]",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def find() -> str | None:
    """The path of an installed Chromium, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def japanese_font() -> bool:
    """Whether the machine has a font for Japanese, without which pictures show boxes."""
    return any(
        Path(folder).is_dir() for folder in ("/usr/share/fonts/opentype/noto", "/usr/share/fonts/opentype/ipafont")
    )


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser for one test or module; the test is skipped, or fails in CI, where there is none."""
    path = find()
    require("Chromium", "make services, as root", here=path is not None)
    # Chromium's own sandbox does not start for root.
    arguments = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else QUIET
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()
