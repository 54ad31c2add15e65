"""The `ingest` command line in this process, over an installation and a folder of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from appliance.cli.command import run
from ingest.cli import ingest as command
from tests.unit.flows import house

MANIFEST = 'language = "ja"\nclassification = "internal"\ngroups = ["全行員"]\n'


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """The report of --json, by path."""
        return {row["path"]: row for row in json.loads(self.out)}

    @property
    def states(self) -> dict[str, str]:
        return {path: row["state"] for path, row in self.rows.items()}


@dataclass
class Bench:
    """An installation, a collection's folder, and the command line over both."""

    home: Path
    root: Path
    capsys: pytest.CaptureFixture[str]

    def ingest(self, *arguments: str) -> Ended:
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run(command, "ingest", arguments)
        captured = self.capsys.readouterr()
        assert "Traceback" not in captured.err
        code = ended.value.code
        return Ended(code if isinstance(code, int) else 1, captured.out, captured.err)

    def sync(self, *options: str) -> Ended:
        return self.ingest("sync", str(self.root), "--collection", "c", "--json", *options)

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def truth(self) -> house.Truth:
        with house.opened(self.home) as services:
            return house.truth(services)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bench:
    made = Bench(tmp_path / "h", tmp_path / "documents", capsys)
    house.home(made.home)
    made.root.mkdir()
    made.write("collection.toml", MANIFEST)
    monkeypatch.setenv("APPLIANCE_HOME", str(made.home))
    monkeypatch.setenv("APPLIANCE_LANGUAGE", "en")
    monkeypatch.setattr("appliance.cli.command._log_to_file", lambda: None)  # pytest has its own log
    return made
