"""`make lock` and `make lock-check`, with a uv that answers from a folder: what is compared, written and said."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = "infra/setup/lock.sh"
NAMES = ("setup", "installer", "base", "test", "check")
UV = """#!/bin/bash
echo "$*" >>"{root}/asked"
[[ "$*" != *--offline* || -e "{root}/remembered" ]] || exit 2
while [ "$1" != -o ]; do shift; done
cp "{root}/answers/$(basename "$2")" "$2"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Locks that are what uv would answer."""
    for folder in ("infra/setup", "infra/locks", "answers", "var/setup/bin"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(Path(__file__).parents[3] / SCRIPT, tmp_path / SCRIPT)
    for path, text in (("infra/setup/environment.sh", "#!/bin/sh\n"), ("var/setup/bin/uv", UV.format(root=tmp_path))):
        (tmp_path / path).write_text(text)
        (tmp_path / path).chmod(0o755)
    for name in NAMES:
        (tmp_path / "infra" / "locks" / f"{name}.txt").write_text(f"{name}==1\n")
        (tmp_path / "answers" / f"{name}.txt").write_text(f"{name}==1\n")
    return tmp_path


def run(project: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run([project / SCRIPT, *words], env=env, capture_output=True, text=True, check=False)


def asked(project: Path) -> list[str]:
    return (project / "asked").read_text().splitlines()


def test_locks_that_are_current_pass(project: Path) -> None:
    done = run(project, "check")
    assert done.returncode == 0, done.stderr
    assert "locks: current (1 pins in base)" in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_that_is_not_current_fails_and_is_not_written(project: Path, name: str) -> None:
    (project / "answers" / f"{name}.txt").write_text(f"{name}==2\n")
    done = run(project, "check")
    assert done.returncode == 1
    assert f"-{name}==1\n+{name}==2" in done.stdout
    assert "Run: make lock" in done.stderr
    assert (project / "infra" / "locks" / f"{name}.txt").read_text() == f"{name}==1\n"


def test_a_refresh_writes_every_lock(project: Path) -> None:
    for name in NAMES:
        (project / "answers" / f"{name}.txt").write_text(f"{name}==2\n")
    assert run(project).returncode == 0
    assert {(project / "infra" / "locks" / f"{name}.txt").read_text() for name in NAMES} == {f"{n}==2\n" for n in NAMES}


def test_what_uv_remembers_is_enough_for_the_check(project: Path) -> None:
    (project / "remembered").touch()
    run(project, "check")
    assert len(asked(project)) == len(NAMES)
    assert all("--offline" in call for call in asked(project))


def test_every_lock_has_hashes_and_names_no_index(project: Path) -> None:
    run(project)
    for call in asked(project):
        assert "--generate-hashes" in call
        assert "--no-emit-index-url" in call
        assert "--universal --python-version 3.11" in call


@pytest.mark.parametrize(("upgrade", "option"), [("all", "--upgrade "), ("httpx", "--upgrade-package httpx ")])
def test_pins_move_only_when_asked(project: Path, upgrade: str, option: str) -> None:
    run(project)
    assert not any("--upgrade" in call for call in asked(project))
    run(project, UPGRADE=upgrade)
    assert all(option in call for call in asked(project)[len(NAMES) :])


def test_a_uv_that_fails_fails_the_refresh(project: Path) -> None:
    (project / "answers" / "base.txt").unlink()
    assert run(project).returncode != 0


def test_a_uv_that_fails_fails_the_check(project: Path) -> None:
    (project / "answers" / "base.txt").unlink()
    assert run(project, "check").returncode != 0


def test_without_uv_it_says_so(project: Path) -> None:
    (project / "var" / "setup" / "bin" / "uv").unlink()
    done = run(project, "check")
    assert done.returncode == 1
    assert "Locks are made with uv" in done.stderr
