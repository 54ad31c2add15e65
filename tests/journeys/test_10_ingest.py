"""Journey 10: documents are taken in by the command line, killed in the middle, gone on with, and beside a running server."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.commands import Installation, installation
from tests.unit.flows import house

pytestmark = pytest.mark.journey
MANIFEST = 'language = "ja"\nclassification = "internal"\ngroups = ["全行員"]\n'


def tree(root: Path, count: int) -> Path:
    root.mkdir()
    (root / "collection.toml").write_text(MANIFEST, encoding="utf-8")
    for n in range(count):
        (root / f"規則{n:02}.txt").write_text(f"第{n}号の規則は、前週の木曜日までに申請する。\n", encoding="utf-8")
    return root


def states(home: Installation, *command: str, codes: tuple[int, ...] = (0,)) -> dict[str, str]:
    ran = home.run(*command, "--collection", "c", "--json", codes=codes)
    return {row["path"]: row["state"] for row in json.loads(ran.out)}


def held(home: Installation) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(home.run("ingest", "status", "--collection", "c", "--json").out)
    return rows


def folders(home: Installation) -> int:
    return len(list((home.home / "data/originals").glob("[0-9a-f]*")))


def test_a_run_killed_in_the_middle_is_gone_on_with(tmp_path: Path, short_path: Path) -> None:
    home, root = installation(short_path / "h"), tree(tmp_path / "documents", 16)
    run = home.start("ingest", "sync", str(root), "--collection", "c")
    until = time.monotonic() + 120
    while folders(home) < 3:
        assert time.monotonic() < until, "nothing was stored"
        assert run.poll() is None, "it ended before it was killed"
        time.sleep(0.01)
    os.kill(run.pid, signal.SIGKILL)
    run.communicate()
    with house.opened(home.home) as services:
        kept = house.truth(services).registered
        house.told(services)
    assert 2 <= len(kept) < 16
    again = states(home, "ingest", "sync", str(root))
    assert {path for path, state in again.items() if state == "unchanged"} == set(kept)
    assert {state for path, state in again.items() if path not in kept} == {"stored"}
    assert len(held(home)) == folders(home) == 16
    assert "problem" not in home.run("appliance", "audit", "verify").out


@pytest.mark.parametrize("server", ["appliance serve", "portal"])
def test_ingest_beside_a_running_server_is_answered_from_at_once(tmp_path: Path, short_path: Path, server: str) -> None:
    home, root = installation(short_path / "h"), tree(tmp_path / "documents", 3)
    with home.served(tuple(server.split())):
        assert set(states(home, "ingest", "sync", str(root)).values()) == {"stored"}
        with home.as_person("yamada") as client:
            answer = client.post(
                "/api/ask", json={"question": "第1号の規則はいつまでに申請しますか。"}, timeout=60
            ).text
            assert "第1号の規則は、前週の木曜日までに申請する。" in answer
            (root / "規則01.txt").write_text("第1号の規則は、前月の末日までに申請する。\n", encoding="utf-8")
            assert states(home, "ingest", "add", str(root / "規則01.txt")) == {"規則01.txt": "replaced"}
            answer = client.post(
                "/api/ask", json={"question": "第1号の規則はいつまでに申請しますか。"}, timeout=60
            ).text
            assert "前月の末日まで" in answer
            assert "第1号の規則は、前週の木曜日" not in answer
    assert set(states(home, "ingest", "sync", str(root)).values()) == {"unchanged"}


def test_two_runs_at_once_take_each_document_in_once(tmp_path: Path, short_path: Path) -> None:
    home, root = installation(short_path / "h"), tree(tmp_path / "documents", 6)
    runs = [home.start("ingest", "sync", str(root), "--collection", "c", "--json") for _ in range(2)]
    ended = [run.communicate(timeout=200) for run in runs]
    # One of them serves both; where it is done first, the other says so and is to be run again.
    assert [run.returncode for run in runs].count(0) >= 1, ended
    for run, (_, err) in zip(runs, ended, strict=True):
        assert run.returncode == 0 or (run.returncode == 7 and "run the command again" in err)
    assert set(states(home, "ingest", "sync", str(root)).values()) == {"unchanged"}
    assert len(held(home)) == folders(home) == 6
    with house.opened(home.home) as services:
        house.truth(services)


def test_every_ending_has_its_exit_code_and_says_one_sentence(tmp_path: Path, short_path: Path) -> None:
    home, root = installation(short_path / "h"), tree(tmp_path / "documents", 2)
    assert home.run("ingest", "sync", str(root), "--collection", "c").code == 0
    (root / "壊れた.pdf").write_bytes(b"%PDF-1.7 no more")
    assert "壊れた.pdf" in home.run("ingest", "sync", str(root), "--collection", "c", codes=(10,)).out
    (root / "規則00.txt").unlink()
    assert "--yes" in home.run("ingest", "sync", str(root), "--collection", "c", codes=(11,)).err
    assert "nowhere" in home.run("ingest", "sync", str(tmp_path / "nowhere"), "--collection", "c", codes=(3,)).err
    assert "gone.txt" in home.run("ingest", "remove", "gone.txt", "--collection", "c", codes=(5,)).err
    assert "Usage" in home.run("ingest", "sync", codes=(2,)).err
    home.language = "ja"
    assert "登録されていないため" in home.run("ingest", "remove", "gone.txt", "--collection", "c", codes=(5,)).err
