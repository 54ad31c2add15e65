"""Nothing calls out by itself, and the trap that says so sees what does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from appliance.silence import SILENT as VARIABLES
from infra.checks import telemetry
from infra.checks.licences import pinned
from tests.services import require

LOCK = telemetry.ROOT / "infra" / "locks" / "base.txt"
WITHOUT_US = telemetry.FIRST_MOMENTS.replace("import appliance\n", "")
NATIVE = """
import ctypes, socket, struct
address = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", 9, bytes([127, 0, 0, 1]))
ctypes.CDLL(None).connect(socket.socket().fileno(), address, 16)
"""


def test_importing_everything_reaches_for_nothing() -> None:
    assert telemetry.watched(telemetry.import_everything()) == []


def test_a_first_pipeline_reaches_for_nothing() -> None:
    assert telemetry.watched(telemetry.FIRST_MOMENTS) == []


def test_the_trap_sees_haystack_report_when_we_do_not_silence_it() -> None:
    tried = telemetry.watched(WITHOUT_US)
    assert any("posthog" in line for line in tried)
    assert any(line.startswith("left in HOME: .haystack") for line in tried)


@pytest.mark.parametrize(
    ("attempt", "event"),
    [
        ("socket.create_connection(('127.0.0.1', 9))", "socket.getaddrinfo"),
        ("socket.socket().connect(('127.0.0.1', 9))", "socket.connect"),
        ("socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))", "socket.sendto"),
        ("socket.socket(socket.AF_INET6).connect(('::1', 9))", "socket.connect"),
        ("socket.gethostbyname('example.internal')", "socket.gethostbyname"),
    ],
)
def test_the_trap_sees_and_stops_a_way_out(attempt: str, event: str) -> None:
    tried = telemetry.watched(
        f"import socket\ntry:\n    {attempt}\nexcept ConnectionRefusedError as e: assert 'stopped' in str(e)"
    )
    assert [line.split()[0] for line in tried] == [event]


def test_the_trap_sees_a_child_process() -> None:
    child = "import socket; socket.socket().connect(('127.0.0.1', 9))"
    tried = telemetry.watched(
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], capture_output=True)"
    )
    assert tried == ["socket.connect ('127.0.0.1', 9)"]


def test_the_kernel_sees_what_python_does_not() -> None:
    require("strace", "make services, as root; the machine must allow tracing", here=telemetry.kernel_watches())
    (line,) = telemetry.watched(NATIVE)
    assert "connect(" in line
    assert "sin_port=htons(9)" in line


def test_a_unix_socket_is_not_a_way_out() -> None:
    server = "import socket; a = socket.socket(socket.AF_UNIX); a.bind('s'); a.listen()"
    assert telemetry.watched(f"{server}; socket.socket(socket.AF_UNIX).connect('s')") == []


def test_a_command_that_fails_is_seen() -> None:
    (line,) = telemetry.watched("raise SystemExit('no such thing')")
    assert line == "ended with 1: no such thing"


def test_every_sender_in_the_lock_is_explained() -> None:
    found = telemetry.senders(distribution(name) for name in pinned(LOCK))
    assert telemetry.unexplained(found, telemetry.SILENT) == []


def test_a_new_sender_and_a_stale_explanation_are_seen() -> None:
    found = telemetry.unexplained({"posthog", "newcomer"}, {"posthog": "why", "gone": "why"})
    assert [line.split()[0] for line in found] == ["newcomer", "gone"]


def test_a_package_that_names_a_collector_is_a_sender(tmp_path: Path) -> None:
    folder = tmp_path / "quiet_name-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: quiet-name\nVersion: 1\n")
    (folder / "RECORD").write_text("quiet.py,,\n")
    (tmp_path / "quiet.py").write_text("HOST = 'https://o1.ingest.sentry.io'\n")
    found = telemetry.senders(type(distribution("pytest")).discover(path=[str(tmp_path)]))
    assert found == {"quiet-name"}


@pytest.mark.parametrize("package", ["appliance", "ingest", "ui"])
def test_a_package_silences_even_against_the_environment(package: str) -> None:
    loud = {**os.environ, **dict.fromkeys(VARIABLES, "loud")}
    code = f"import {package}, json, os; print(json.dumps(dict(os.environ)))"
    done = subprocess.run([sys.executable, "-c", code], env=loud, cwd=telemetry.ROOT, capture_output=True, check=True)
    assert json.loads(done.stdout).items() >= VARIABLES.items()
