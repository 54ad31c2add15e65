"""The doctor examines what does not start: a row a check, with finding and remedy, also where nothing can be opened."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from appliance import home as folder
from appliance.cli import appliance, exits
from appliance.cli.command import run
from appliance.private import ownership
from tests.unit.api.world import make_home, services_at

Doctor = Callable[[], dict[str, Any]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = make_home(tmp_path / "home")
    with services_at(made):
        pass
    (made / "people.toml").chmod(0o600)
    return made


@pytest.fixture
def doctor(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """`appliance doctor --json`: its exit code under "", its rows by name."""
    monkeypatch.setenv("APPLIANCE_HOME", str(home))
    monkeypatch.setenv("APPLIANCE_LANGUAGE", "en")
    monkeypatch.setattr("appliance.cli.command._log_to_file", lambda: None)  # pytest has its own log

    def call() -> dict[str, Any]:
        capsys.readouterr()
        with pytest.raises(SystemExit, match=r"\d+") as ended:
            run(appliance, "appliance", ("doctor", "--json"))
        out = capsys.readouterr().out
        assert "appliance doctor" not in out, "nobody who runs it is told to run it"
        return {"": ended.value.code, **{row["name"]: row for row in json.loads(out)["checks"]}}

    return call


def states(found: dict[str, Any]) -> dict[str, str]:
    """What is not in order."""
    return {name: row["state"] for name, row in found.items() if name and row["state"] != "ok"}


def test_a_sound_installation_has_nothing_to_mend(doctor: Doctor) -> None:
    found = doctor()

    assert (found[""], states(found)) == (exits.OK, {})
    assert all(row["remedy"] == "" for name, row in found.items() if name)


def key_moved_away(home: Path) -> None:
    (home / "keys/audit.key").rename(home / "keys/elsewhere")


def log_not_writable(home: Path) -> None:
    (home / "data/audit.db-wal").unlink(missing_ok=True)
    (home / "data/audit.db-wal").mkdir(mode=0o700)


def people_missing(home: Path) -> None:
    (home / "people.toml").unlink()


def examples_missing(home: Path) -> None:
    with (home / "settings.toml").open("a") as file:
        file.write('examples = "nope.toml"\n')


def store_broken(home: Path) -> None:
    (home / "data/appliance.db").write_bytes(b"rubbish" * 1000)
    for name in ("-wal", "-shm"):
        (home / f"data/appliance.db{name}").unlink(missing_ok=True)


def index_broken(home: Path) -> None:
    (home / "data/index/collection.json").write_text("rubbish")


LOG = {"audit log": "failed", "access as recorded": "failed"}
SEARCHES = {"registry and index": "failed", "search by words": "failed", "search by meaning": "failed"}


@pytest.mark.parametrize(
    ("harm", "expected", "word"),
    [
        (key_moved_away, {"start": "failed", "permissions": "failed", **LOG}, "keys/audit.key"),
        (log_not_writable, {"start": "failed", **LOG}, "audit.db cannot be written"),
        (people_missing, {"start": "failed", "people": "failed"}, "people.toml: No such file"),
        (examples_missing, {"examples": "failed"}, "nope.toml: No such file"),
        (
            store_broken,
            {"start": "failed", "unfinished changes": "failed", **LOG, **SEARCHES},
            "appliance.db cannot be used",
        ),
        (index_broken, {"start": "failed", **SEARCHES}, "collection.json: JSONDecodeError"),
    ],
)
def test_each_check_is_on_its_own(
    doctor: Doctor, home: Path, harm: Callable[[Path], None], expected: dict[str, str], word: str
) -> None:
    harm(home)

    found = doctor()

    assert (found[""], states(found)) == (exits.NOT_AS_WISHED, expected)
    for name in expected:
        assert found[name]["finding"]
        assert found[name]["remedy"]
    assert any(word in found[name]["finding"] for name in expected)


def test_settings_that_are_refused_are_a_row_beside_those_of_the_folder(doctor: Doctor, home: Path) -> None:
    (home / "settings.toml").write_text('index = "qdrant"\n')
    (home / "keys/audit.key").chmod(0o640)

    found = doctor()

    assert states(found) == {"settings": "failed", "permissions": "failed"}
    assert 'qdrant_url cannot be ""' in found["settings"]["finding"]


def test_a_server_that_does_not_answer_is_a_row(doctor: Doctor, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.connect._START_SECONDS", 0.0)

    with ownership(home):
        found = doctor()

    assert states(found) == {"service": "failed"}
    assert "nobody answers" in found["service"]["finding"]


def test_a_folder_that_takes_no_file_is_a_row(doctor: Doctor, home: Path) -> None:
    for file in (home / "run").iterdir():
        file.unlink()
    (home / "run").rmdir()
    (home / "run").write_text("in its place")
    (home / "run").chmod(0o600)

    assert states(doctor()) == {"start": "failed"}


@pytest.mark.parametrize(
    ("free", "state"),
    [(folder.LITTLE_DISK, "ok"), (folder.LITTLE_DISK - 1, "warning"), (folder.FULL_DISK - 1, "failed")],
)
def test_a_disk_that_fills_is_said_before_it_is_full(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:
    monkeypatch.setattr("appliance.home.shutil.disk_usage", lambda _: SimpleNamespace(free=free))

    found = doctor()

    assert found["disk"]["state"] == state
    assert found[""] == (exits.NOT_AS_WISHED if state == "failed" else exits.OK)


@pytest.mark.parametrize(
    ("path", "mode"),
    [("keys", 0o755), ("data", 0o755), ("run", 0o750), ("people.toml", 0o666), ("data/audit.db", 0o644)],
)
def test_what_only_the_folder_protects_is_a_warning(doctor: Doctor, home: Path, path: str, mode: int) -> None:
    (home / path).chmod(mode)

    found = doctor()

    assert (found[""], states(found)) == (exits.OK, {"inner permissions": "warning"})
    assert f"{home / path} (0{mode:o})" in found["inner permissions"]["finding"]


def test_any_key_that_others_may_read_is_named(doctor: Doctor, home: Path) -> None:
    (home / "keys/qdrant").write_text("secret")
    (home / "keys/qdrant").chmod(0o644)

    assert "keys/qdrant may be used by others" in doctor()["permissions"]["finding"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_named_with_the_remedy(doctor: Doctor, home: Path) -> None:
    (home / "data/originals/.waiting/x").write_text("x")
    os.chown(home / "data/originals/.waiting/x", 4_000_000, -1)

    found = folder.owners(home)

    assert not isinstance(found, folder.Warned)
    assert found is not None
    assert "1 files do not belong to" in found.en
    assert ".waiting/x" in found.en
    assert "chown -R" in found.en
    assert str(home) in found.ja


def test_an_examination_that_cannot_be_recorded_is_done_all_the_same(doctor: Doctor, home: Path) -> None:
    """The log is held by another process, so nothing can be recorded in it."""
    from appliance.audit.owning import lock

    held = lock(home / "data/audit.db")
    try:
        found = doctor()
    finally:
        os.close(held)

    assert states(found) == {"start": "failed", **LOG}
    assert found["search by meaning"]["state"] == "ok"


def test_an_examination_of_what_does_not_start_is_recorded(doctor: Doctor, home: Path) -> None:
    people_missing(home)

    doctor()

    with sqlite3.connect(home / "data/audit.db") as log:
        assert log.execute("SELECT count(*) FROM audit_leaves WHERE action = 'installation.examined'").fetchone() == (
            1,
        )
