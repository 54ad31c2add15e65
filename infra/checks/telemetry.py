"""Telemetry is off: nothing of ours, and nothing that we import, calls out or leaves a trace in HOME by itself.

Everything is imported and every command asked for its help in processes whose ways out are trapped, by Python's audit
hook and, where strace runs, by the kernel's own account. Known senders among the locked packages are listed with what
keeps them silent; a new one fails until somebody has looked at it.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.utils import canonicalize_name

from infra.checks.licences import pinned

ROOT = Path(__file__).parents[2]
TRAP = Path(__file__).parent / "trap"
IN_OR_OUT = re.compile(r"sa_family=AF_INET6?\b")
COLLECTORS = re.compile(
    rb"posthog\.com|scarf\.sh|sentry\.io|segment\.(?:io|com)|data\.streamlit\.io|google-analytics\.com|googletagmanager"
    rb"|amplitude\.com|mixpanel\.com|bugsnag|rollbar\.com|datadoghq|honeycomb\.io|newrelic|webhooks\.fivetran"
)
NAMES = re.compile(
    r"posthog|sentry|opentelemetry|analytics|segment|mixpanel|amplitude|bugsnag|rollbar|datadog|newrelic"
)

# Locked packages that name a collector or are known for sending, and what keeps each silent here.
SILENT = {
    "haystack-ai": "sends to posthog unless HAYSTACK_TELEMETRY_ENABLED is False before its import (appliance.silence)",
    "opentelemetry-api": "interfaces without an exporter: nothing in the lock could send",
    "posthog": "the client that haystack-ai uses; sends only what it is given",
    "streamlit": "its page reports from the browser unless browser.gatherUsageStats is false (appliance.silence)",
}

# The vendors' own first moments, with ours before them: what runs when a question is asked, in small.
FIRST_MOMENTS = """
import appliance
from haystack import Pipeline, component

@component
class Echo:
    @component.output_types(word=str)
    def run(self, word: str):
        return {"word": word}

pipeline = Pipeline()
pipeline.add_component("echo", Echo())
assert pipeline.run({"echo": {"word": "a"}}) == {"echo": {"word": "a"}}
"""


def watched(run: str | list[str]) -> list[str]:
    """What Python code, or a command, tried to reach and left in an empty HOME; also that it failed, if it did."""
    command = [sys.executable, "-c", run] if isinstance(run, str) else run
    with tempfile.TemporaryDirectory() as folder:
        home, record, calls = (Path(folder) / name for name in ("home", "record", "calls"))
        home.mkdir()
        record.touch()
        # Only what a program needs to start: a variable of this machine must not be what keeps it silent.
        env = {
            "HOME": str(home),
            "PATH": os.defpath,
            "TRAP": str(record),
            "PYTHONPATH": f"{TRAP}:{ROOT}",
            "LANG": "C.UTF-8",
        }
        done = subprocess.run(
            [*tracer(calls), *command], env=env, cwd=folder, capture_output=True, text=True, check=False, timeout=240
        )
        tried = record.read_text("utf-8").splitlines()
        if calls.exists():
            tried += [line for line in calls.read_text("utf-8").splitlines() if IN_OR_OUT.search(line)]
        tried += [f"left in HOME: {path.relative_to(home)}" for path in home.rglob("*") if path.is_file()]
        if done.returncode != 0:
            tried.append(f"ended with {done.returncode}: {done.stderr.strip()[-400:]}")
        return tried


def tracer(calls: Path) -> list[str]:
    """The words before a command that make the kernel account for its network calls; none where it cannot."""
    if not kernel_watches():
        return []
    what = ["-e", "signal=none", "-e", "trace=connect,sendto,sendmsg,sendmmsg"]
    return ["strace", "-f", "-qqq", "--seccomp-bpf", *what, "-o", str(calls)]


@functools.cache
def kernel_watches() -> bool:
    """Whether strace is here and may trace, which containers often forbid."""
    return (
        shutil.which("strace") is not None
        and subprocess.run(["strace", "-qqq", "-f", "true"], capture_output=True, check=False).returncode == 0
    )


def import_everything() -> str:
    """Code that imports every module of ours, then every package that we depend on."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = [re.split(r"[^\w.-]", line)[0] for line in project["dependencies"]]
    return f"""
import importlib, importlib.metadata, pkgutil, re, sys
import appliance, ingest, ui
skipped = (".__main__", ".migrations.env", "ui.app")  # programs, not modules: they run when imported
for package in (appliance, ingest, ui):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith(skipped):
            importlib.import_module(module.name)
wanted = {{re.sub("[-_.]+", "-", name).lower() for name in {names}}}
for module, owners in importlib.metadata.packages_distributions().items():
    if wanted & {{re.sub("[-_.]+", "-", owner).lower() for owner in owners}} and module.isidentifier():
        importlib.import_module(module)
"""


def commands() -> Iterator[list[str]]:
    """The help of every installed command of ours whose module exists."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for name, target in project["scripts"].items():
        module = ROOT / target.partition(":")[0].replace(".", "/")
        if module.with_suffix(".py").exists() or (module / "__init__.py").exists():
            yield [str(Path(sys.executable).parent / name), "--help"]


def senders(packages: Iterable[Distribution]) -> set[str]:
    """Packages with a collector's address in their code, or a name that sounds like one."""
    found: set[str] = set()
    for package in packages:
        name = canonicalize_name(package.metadata["Name"])
        sources = (Path(str(package.locate_file(path))) for path in package.files or [] if path.suffix == ".py")
        if NAMES.search(name) or any(COLLECTORS.search(path.read_bytes()) for path in sources if path.is_file()):
            found.add(name)
    return found


def unexplained(found: set[str], silent: Mapping[str, str]) -> list[str]:
    """What is found and not in the table, and what is in the table and no longer found."""
    return [
        f"{name} may send, and the table does not say what keeps it silent" for name in sorted(found - set(silent))
    ] + [f"{name} is in the table and no longer sends anything; remove it" for name in sorted(set(silent) - found)]


def main() -> int:
    """Watch everything once; 1 when something called out."""
    wrong = unexplained(senders(distribution(name) for name in pinned(ROOT / "infra/locks/base.txt")), SILENT)
    runs: list[str | list[str]] = [import_everything(), FIRST_MOMENTS, *commands()]
    for run in runs:
        what = "imports" if isinstance(run, str) else " ".join([Path(run[0]).name, *run[1:]])
        wrong += [f"{what}: {line}" for line in watched(run)]
    for line in wrong:
        print(line, file=sys.stderr)
    by = "Python and the kernel" if kernel_watches() else "Python alone (strace cannot run here)"
    print(f"telemetry: {len(runs)} processes watched by {by}, {len(wrong)} to look at")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
