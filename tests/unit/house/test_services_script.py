"""`make services` installs what is missing, once, and says what to do where it cannot. Nothing is installed here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "infra" / "setup" / "services.sh"


class Machine:
    """A machine of programs that only write down how they were called."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.calls = folder / "calls"
        for program in ("bash", "env"):
            (self.bin / program).symlink_to(f"/bin/{program}")
        self.program("dpkg", 'echo "dpkg $*"')
        self.apt()
        self.user(0)
        self.installed()

    def program(self, name: str, body: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/bash\n{{ {body}; }} >>{self.calls}\n")
        path.chmod(0o755)

    def apt(self, fails: str = "never") -> None:
        self.program("apt-get", f'echo "apt-get $*"; [[ "$*" != *{fails}* ]]')

    def user(self, number: int) -> None:
        (self.bin / "id").write_text(f"#!/bin/bash\necho {number}\n")
        (self.bin / "id").chmod(0o755)

    def installed(self, *packages: str) -> None:
        cases = "".join(f"{package}) printf installed;; " for package in packages)
        (self.bin / "dpkg-query").write_text(f'#!/bin/bash\ncase "${{@: -1}}" in {cases} *) exit 1;; esac\n')
        (self.bin / "dpkg-query").chmod(0o755)

    def run(self, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
        env = {"PATH": str(self.bin), "PYTHON": python}
        return subprocess.run(["/bin/bash", SCRIPT], env=env, capture_output=True, text=True, check=False)

    def called(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_what_is_missing_is_installed_after_one_update(machine: Machine) -> None:
    machine.installed("strace")
    done = machine.run()
    assert done.returncode == 0, done.stderr
    apt = [call for call in machine.called() if call.startswith("apt-get")]
    assert [call.split()[-1] for call in apt] == ["update", "fonts-noto-cjk"]
    assert "install --no-install-recommends -y chromium fonts-noto-cjk" in apt[1]


def test_an_installation_that_was_cut_off_is_finished_first(machine: Machine) -> None:
    machine.run()
    assert machine.called()[0] == "dpkg --configure -a"


def test_a_second_run_calls_nothing(machine: Machine) -> None:
    machine.installed("chromium", "fonts-noto-cjk", "strace")
    done = machine.run()
    assert done.returncode == 0
    assert "are installed" in done.stdout
    assert machine.called() == []


def test_a_python_without_venv_gets_one(machine: Machine) -> None:
    machine.run(python="")
    assert machine.called()[-1].endswith("python3 python3-venv")


def test_without_root_it_says_what_to_run(machine: Machine) -> None:
    machine.user(1000)
    done = machine.run()
    assert done.returncode == 1
    assert "needs root. Run: sudo make services" in done.stderr
    assert machine.called() == []


def test_without_apt_it_names_what_to_install(machine: Machine) -> None:
    (machine.bin / "apt-get").unlink()
    done = machine.run()
    assert done.returncode == 1
    assert "Install by its own means: chromium fonts-noto-cjk strace" in done.stderr


@pytest.mark.parametrize("step", ["update", "install"])
def test_a_failure_of_apt_is_not_hidden(machine: Machine, step: str) -> None:
    machine.apt(fails=step)
    assert machine.run().returncode != 0
