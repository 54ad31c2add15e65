"""What `make demo` says while it runs: one language, and why it takes another port."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[3] / "infra/demo/run.py"


@pytest.fixture(scope="module")
def demo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("demo_run", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_line_has_both_languages_with_the_same_fields(demo: ModuleType) -> None:
    for name, words in demo.WORDS.items():
        assert words.en.isascii(), name
        assert re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", words.ja), name
        fields = [sorted(re.findall(r"\{(\w+)", said)) for said in (words.ja, words.en)]
        assert fields[0] == fields[1], name


def test_it_takes_another_port_where_the_usual_one_is_in_use(demo: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORT", raising=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(demo, "PORT", taken.getsockname()[1])
        other = demo.port()
    assert other not in (0, demo.PORT)
    said = demo.WORDS["port"].text("ja", usual=demo.PORT, port=other)
    assert said.startswith(f"ポート {demo.PORT} は使用中のため、{other} を使います")


def test_the_port_that_was_asked_for_is_taken_as_it_is(demo: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8999")

    assert demo.port() == 8999


def test_make_help_and_readme_count_the_same_people() -> None:
    root = SCRIPT.parents[2]

    assert "ask as three people" in (root / "Makefile").read_text(encoding="utf-8")
    assert "ask as three people" in (root / "README.md").read_text(encoding="utf-8")
    asked = re.findall(r"(?m)^demo = true$", (SCRIPT.parent / "questions.toml").read_text(encoding="utf-8"))
    assert len(asked) == 3


def test_every_line_can_be_said(demo: ModuleType) -> None:
    for name, words in demo.WORDS.items():
        fields = dict.fromkeys(re.findall(r"\{(\w+)", words.en), "x")
        assert "{" not in demo.say(name, **fields)


DEMO = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[1]) / "infra/demo"))
import run
here = Path(sys.argv[2])
run.BIN, run.HOME, run.questions, run.export = here, here / "home", list, lambda environ: None
run.KEPT_KEY = here / "key"
run.ingest = lambda folder, environ: None
run.main()
"""
PORTAL = """#!/bin/sh
trap 'touch "$0.ended"; exit' TERM
echo http://127.0.0.1:1
while :; do sleep 0.1; done
"""


def test_a_sigterm_ends_the_portal_too(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/settings.toml").touch()
    for name, script in (("portal", PORTAL), ("appliance", "#!/bin/sh\n")):
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    environ = {**os.environ, "PYTHONUNBUFFERED": "1", "LANG": "C"}
    with subprocess.Popen(
        [sys.executable, "-c", DEMO, SCRIPT.parents[2], tmp_path], env=environ, stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        assert any("http://127.0.0.1:1" in line for line in demo.stdout)
        demo.send_signal(signal.SIGTERM)
        demo.stdout.read()

    assert (tmp_path / "portal.ended").exists()
