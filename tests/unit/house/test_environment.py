"""The script that makes .venv, on a small project of its own: whole or not at all, and not twice.

The small project has no dependencies, so no registry is asked; uv and the build backend are those of this clone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.services import require

ROOT = Path(__file__).parents[3]
SCRIPT = "infra/setup/environment.sh"
PROJECT = """
[project]
name = "small"
version = "1"
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[tool.hatch.build.targets.wheel]
packages = ["small"]
"""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in a folder with a space in its name, with this clone's script and tools and locks without packages."""
    tools = ROOT / "var" / "setup"
    require("The installer", "make test", here=(tools / ".stamp").exists())
    root = tmp_path / "my project"
    (root / "small").mkdir(parents=True)
    (root / "small" / "__init__.py").touch()
    (root / "pyproject.toml").write_text(PROJECT)
    (root / "infra" / "setup").mkdir(parents=True)
    shutil.copy(ROOT / SCRIPT, root / SCRIPT)
    (root / "infra" / "locks").mkdir()
    for name in ("base", "test", "check"):
        (root / "infra" / "locks" / f"{name}.txt").write_text(f"# {name}\n")
    for name in ("setup", "installer"):
        shutil.copy(ROOT / "infra" / "locks" / f"{name}.txt", root / "infra" / "locks")
    (root / "var").mkdir()
    (root / "var" / "setup").symlink_to(tools)
    return root


@pytest.fixture
def run(project: Path) -> Run:
    """Calls the project's script with one word and variables."""

    def call(word: str, **variables: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": os.environ["PATH"], "HOME": str(project), "PYTHON": sys.executable, **variables}
        return subprocess.run([str(project / SCRIPT), word], env=env, capture_output=True, text=True, check=False)

    return call


def importable(project: Path) -> bool:
    python = project / ".venv" / "bin" / "python"
    return subprocess.run([python, "-c", "import small"], cwd="/", check=False, capture_output=True).returncode == 0


def stamp(project: Path) -> str:
    return (project / ".venv" / ".stamp").read_text().split()[0]


def test_it_makes_an_environment_that_holds_the_project(project: Path, run: Run) -> None:
    done = run("base")
    assert done.returncode == 0, done.stderr
    assert importable(project)
    assert stamp(project) == "base"


def test_an_active_environment_is_left_alone(project: Path, run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(other)], check=True)
    before = sorted(other.rglob("*"))
    assert run("base", VIRTUAL_ENV=str(other)).returncode == 0
    assert sorted(other.rglob("*")) == before
    assert importable(project)


def test_a_second_call_does_nothing(project: Path, run: Run) -> None:
    run("base")
    (project / ".venv" / "sign").touch()
    done = run("base")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (project / ".venv" / "sign").exists()


def test_a_kill_half_way_is_repaired_by_the_next_call(project: Path, run: Run) -> None:
    run("base")
    (project / ".venv" / ".unfinished").touch()
    (project / ".venv" / "rubbish").touch()
    assert "Making .venv" in run("base").stdout
    assert not (project / ".venv" / "rubbish").exists()
    assert importable(project)


def test_a_kill_before_the_interpreter_is_there_is_repaired(project: Path, run: Run) -> None:
    (project / ".venv").mkdir()
    (project / ".venv" / ".unfinished").touch()
    assert run("base").returncode == 0
    assert importable(project)


@pytest.mark.parametrize("changed", ["infra/locks/base.txt", "pyproject.toml", SCRIPT])
def test_a_change_of_what_it_is_made_from_makes_it_again(project: Path, run: Run, changed: str) -> None:
    run("base")
    with (project / changed).open("a") as file:
        file.write("# changed\n")
    assert "Making .venv" in run("base").stdout
    assert run("base").stdout == ""


def test_a_moved_project_makes_it_again(project: Path, run: Run, tmp_path: Path) -> None:
    run("base")
    moved = tmp_path / "moved"
    project.rename(moved)
    env = {"PATH": os.environ["PATH"], "HOME": str(moved), "PYTHON": sys.executable}
    done = subprocess.run([moved / SCRIPT, "base"], env=env, capture_output=True, text=True, check=True)
    assert "Making .venv" in done.stdout
    assert importable(moved)


def test_a_wider_environment_serves_the_narrower_and_stays_wide(project: Path, run: Run) -> None:
    run("test")
    assert run("base").stdout == ""
    with (project / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    run("base")
    assert stamp(project) == "test"


def test_a_narrower_environment_is_widened(project: Path, run: Run) -> None:
    run("base")
    assert "infra/locks/check.txt" in run("check").stdout
    assert stamp(project) == "check"


def own_uv(project: Path, script: str | None) -> None:
    """Give the project tools of its own whose uv is this shell script, or is not there."""
    tools = project / "var" / "setup"
    tools.unlink()
    shutil.copytree(ROOT / "var" / "setup", tools, symlinks=True, ignore=shutil.ignore_patterns("uv", "uvx"))
    if script is not None:
        (tools / "bin" / "uv").write_text(f"#!/bin/sh\n{script}\n")
        (tools / "bin" / "uv").chmod(0o755)


@pytest.mark.parametrize("script", [None, f'case $2 in sync) exit 2;; esac; exec {ROOT}/var/setup/bin/uv "$@"'])
def test_pip_makes_the_same_where_uv_is_not_there_or_fails(project: Path, run: Run, script: str | None) -> None:
    own_uv(project, script)
    done = run("base")
    assert done.returncode == 0, done.stderr
    assert importable(project)


@pytest.mark.parametrize(
    ("variables", "index"),
    [
        ({"PIP_INDEX_URL": "https://mirror.example/a"}, "https://mirror.example/a"),
        ({"PIP_INDEX_URL": "https://mirror.example/a", "UV_DEFAULT_INDEX": "https://mirror.example/b"}, ".../b"),
        ({}, ""),
    ],
)
def test_uv_is_given_the_index_that_pip_has(project: Path, run: Run, variables: dict[str, str], index: str) -> None:
    own_uv(project, f'echo "$UV_DEFAULT_INDEX" >>"{project}/asked"; exec {ROOT}/var/setup/bin/uv "$@"')
    run("base", PIP_CONFIG_FILE="/dev/null", **variables)
    assert (project / "asked").read_text().splitlines()[0] == index.replace("...", "https://mirror.example")


def test_two_calls_at_once_make_one_environment(project: Path) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(project), "PYTHON": sys.executable}
    both = [
        subprocess.Popen([project / SCRIPT, "base"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = "".join(one.communicate()[0] for one in both)
    assert [one.returncode for one in both] == [0, 0]
    assert said.count("Made .venv") == 1


def fake(folder: Path, version: str, *, venv: bool = True) -> str:
    """A program that answers the script's questions as a Python of that version would."""
    program = folder / f"python-{version}"
    old = int(version.split(".")[1]) < 11
    program.write_text(
        f"""#!/bin/sh
case "$*" in
  *sys.exit*) exit {int(old)} ;;
  *ensurepip*) exit {int(not venv)} ;;
  *) echo {version} /usr ;;
esac
"""
    )
    program.chmod(0o755)
    return str(program)


def test_an_old_python_is_refused_by_version(run: Run, tmp_path: Path) -> None:
    done = run("base", PYTHON=fake(tmp_path, "3.10.4"))
    assert done.returncode == 1
    assert "python-3.10.4 is not a Python of version 3.11 or newer: 3.10.4" in done.stderr


def test_a_python_that_cannot_make_environments_is_refused_with_the_remedy(run: Run, tmp_path: Path) -> None:
    done = run("base", PYTHON=fake(tmp_path, "3.11.2", venv=False))
    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr


def test_a_python_that_is_not_there_is_refused(run: Run) -> None:
    done = run("base", PYTHON="/nowhere/python3")
    assert done.returncode == 1
    assert "PYTHON=/nowhere/python3 cannot be run." in done.stderr


def test_a_python_that_is_there_and_cannot_be_run_is_said_to_be_so(run: Run, tmp_path: Path) -> None:
    shim = tmp_path / "python3.12"
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.12: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    done = run("base", PYTHON=str(shim))
    assert done.returncode == 1
    assert f"PYTHON={shim} cannot be run." in done.stderr


def test_an_unknown_environment_is_refused(run: Run) -> None:
    done = run("everything")
    assert done.returncode == 1
    assert "There is no environment 'everything'. Environments: base, test, check" in done.stderr


def test_a_folder_that_is_no_environment_is_not_removed(project: Path, run: Run) -> None:
    (project / ".venv").mkdir()
    (project / ".venv" / "letter").write_text("keep me")
    done = run("base")
    assert done.returncode == 1
    assert ".venv is not a virtual environment" in done.stderr
    assert (project / ".venv" / "letter").read_text() == "keep me"
