"""An installation driven from outside: by its command lines as processes, and by HTTP."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@dataclass
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Installation:
    """A folder that `appliance init` made."""

    home: Path
    port: int
    language: str = "en"

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("APPLIANCE_")}
        return {**kept, "APPLIANCE_HOME": str(self.home), "APPLIANCE_LANGUAGE": self.language}

    def start(self, *command: str) -> subprocess.Popen[str]:
        """A command under way."""
        return subprocess.Popen(
            [BIN / command[0], *command[1:]], env=self.environment(), cwd=ROOT, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, *command: str, codes: tuple[int, ...] = (0,)) -> Ran:
        """A command to its end, which must be one of `codes`."""
        process = self.start(*command)
        out, err = process.communicate(timeout=280)
        assert process.returncode in codes, f"{command} ended with {process.returncode}\n{out}\n{err}"
        assert "Traceback" not in err
        return Ran(process.returncode, out, err)

    @contextmanager
    def served(self, command: tuple[str, ...] = ("appliance", "serve")) -> Iterator[subprocess.Popen[str]]:
        """With a server running."""
        process = self.start(*command)
        try:
            until = time.monotonic() + 60
            while not self._answers():
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < until, "the server did not start"
                time.sleep(0.05)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/api/health", timeout=5).is_success
        except httpx.TransportError:
            return False

    @contextmanager
    def as_person(self, name: str) -> Iterator[httpx.Client]:
        """A signed-in browser's HTTP."""
        origin = f"http://127.0.0.1:{self.port}"
        with httpx.Client(base_url=origin, headers={"origin": origin, "accept-language": "en"}, timeout=30) as client:
            client.post("/api/session/demo", json={"person": name}).raise_for_status()
            yield client


def installation(home: Path, *, language: str = "en") -> Installation:
    """A new one, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Installation(home, port, language)
    made.run("appliance", "init", "--people", str(ROOT / "infra/demo/people.toml"), "--port", str(port))
    return made


def copied(folder: Path, to: Path) -> Path:
    """A copy of a folder of the sample corpus, to be changed."""
    return Path(shutil.copytree(folder, to))
