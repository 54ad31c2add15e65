"""What journeys share: a real Chromium, and the portal in front of a fake API as a process of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from tests.journeys.browser import Portal
from tests.journeys.commands import Installation, installation

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def chromium(browser: Browser) -> Browser:
    """A headless Chromium that can reach loopback only."""
    return browser


@pytest.fixture(scope="session")
def portal_home(tmp_path_factory) -> Path:
    """The HOME of the portal's process, empty before it starts."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def portal_process(portal_home: Path) -> Iterator[Portal]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Only what a service has: no HOME of a developer, no settings of Streamlit from outside.
    environment = {"HOME": str(portal_home), "PATH": os.defpath, "LANG": "C.UTF-8"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.journeys.fake_portal", str(port)], cwd=ROOT, env=environment
    )
    portal = Portal(f"http://127.0.0.1:{port}", process.pid)
    try:
        for _ in range(300):
            if process.poll() is not None:
                pytest.fail(f"the portal ended with {process.returncode} at its start")
            try:
                portal.api("GET", "/signin")
                break
            except httpx.TransportError:
                time.sleep(0.2)
        yield portal
    finally:
        portal.http.close()
        process.terminate()
        process.wait(20)


@pytest.fixture
def portal(portal_process: Portal) -> Portal:
    """The portal, with the fake API as it was at the start."""
    portal_process.reset()
    return portal_process


@pytest.fixture
def page(chromium, portal: Portal):
    """A page of a Japanese reader at a wide screen; the test fails when it saw a violation or another origin."""
    with portal.page(chromium) as page:
        yield page


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The whole sample corpus, taken in once, and served with the portal: the product, with nothing put in its place."""
    demo = ROOT / "infra" / "demo" / "corpus"
    home = installation(tmp_path_factory.mktemp("corpus") / "h")
    for folder in sorted(demo.iterdir()):
        home.run("ingest", "sync", str(folder), "--collection", folder.name, codes=(0, 10))
    with home.served(("portal",)):
        yield home


@pytest.fixture(scope="session")
def product(corpus: Installation) -> Iterator[Portal]:
    """The portal of the served sample corpus."""
    portal = Portal(f"http://127.0.0.1:{corpus.port}", 0)
    yield portal
    portal.http.close()
