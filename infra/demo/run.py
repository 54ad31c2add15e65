"""The demo, as `make demo` runs it: documents in, three questions by three people, the log verified, then the portal.

Only the product's own commands are used, as its administrator would. A wrong answer ends it with exit code 1.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "infra" / "demo"
HOME = ROOT / "var" / "demo"
KEPT_KEY = HOME.with_name("demo.vkey")  # outside of the installation, as an auditor keeps it
BIN = Path(sys.executable).parent
PORT = 8765
REFUSALS = ("根拠となる記述が見つかりませんでした", "No supporting passage was found")


class Failed(SystemExit):
    """The demo did not do what it must."""


def main() -> None:
    """Run every step and say how long each took."""
    begin = time.monotonic()
    environ = {**os.environ, "APPLIANCE_HOME": str(HOME), "APPLIANCE_PORT": str(port())}
    if not (HOME / "settings.toml").exists():
        given = ["--people", DEMO / "people.toml", "--examples", DEMO / "examples.toml"]
        step("A new installation in var/demo", [BIN / "appliance", "init", *given], environ)
        KEPT_KEY.unlink(missing_ok=True)
    if not KEPT_KEY.exists():
        KEPT_KEY.write_bytes(subprocess.check_output([BIN / "appliance", "audit", "key"], env=environ))
    server = subprocess.Popen([BIN / "portal"], env=environ, stdout=subprocess.PIPE, text=True)
    try:
        started = time.monotonic()
        address = server.stdout.readline().strip() if server.stdout else ""
        if not address:
            raise Failed("the portal did not start")
        done("Portal and API start", started)
        for folder in sorted((DEMO / "corpus").iterdir()):
            ingest(folder, environ)
        for question in questions():
            ask(question, environ)
        step("The audit log against its signed checkpoint", [BIN / "appliance", "audit", "verify"], environ)
        export(environ)
        print(f"\nDone in {time.monotonic() - begin:.1f} s.")
        if os.environ.get("SERVE") == "no":
            return
        print(f"\nThe portal is at {address}  (stop it with Ctrl+C). Sign in as:")
        for person in people():
            print(f"  {person['id']:10} {person['name']} / {person['name_en']}: {', '.join(person['roles'])}")
        server.wait()
    except KeyboardInterrupt:
        pass
    finally:
        server.terminate()
        server.wait(timeout=30)


def port() -> int:
    """PORT, else the usual port, else a free one where somebody has it."""
    if "PORT" in os.environ:
        return int(os.environ["PORT"])
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def step(title: str, command: list[object], environ: dict[str, str], accepted: tuple[int, ...] = (0,)) -> None:
    """Run one command, showing what it shows."""
    print(f"\n== {title}\n$ {' '.join(shown(word) for word in command)}", flush=True)
    started = time.monotonic()
    code = subprocess.run([str(word) for word in command], env=environ, check=False).returncode
    if code not in accepted:
        raise Failed(f"{title}: exit code {code}")
    done(title, started)


def done(title: str, started: float) -> None:
    """Say how long a step took."""
    print(f"   {title}: {time.monotonic() - started:.1f} s", flush=True)


def shown(word: object) -> str:
    """A word of a command line as a person would type it from the clone."""
    text = str(word).replace(f"{ROOT}/", "")
    return f"'{text}'" if " " in text or any(ord(c) > 127 for c in text) else text


def ingest(folder: Path, environ: dict[str, str]) -> None:
    """One collection of the sample corpus. The one with the broken file ends with 10: some files were not taken in."""
    command = [BIN / "ingest", "sync", folder, "--collection", folder.name, "--yes"]
    step(f"Documents of {folder.name}", command, environ, accepted=(0, 10))


def questions() -> list[dict[str, str]]:
    """Those of the sample questions that the demo asks."""
    content = tomllib.loads((DEMO / "questions.toml").read_text(encoding="utf-8"))
    return [question for question in content["question"] if question.get("demo")]


def people() -> list[dict[str, object]]:
    """Who may sign in."""
    people: list[dict[str, object]] = tomllib.loads((DEMO / "people.toml").read_text(encoding="utf-8"))["person"]
    return people


def ask(question: dict[str, str], environ: dict[str, str]) -> None:
    """Ask as one person, show the answer as it streams, and hold it against what must come of it."""
    command = [BIN / "appliance", "ask", "--as", question["person"], question["text"]]
    print(f"\n== {question['person']} asks\n$ {' '.join(shown(word) for word in command)}", flush=True)
    started, said = time.monotonic(), ""
    asking = subprocess.Popen([str(word) for word in command], env=environ, stdout=subprocess.PIPE, text=True)
    while piece := asking.stdout.read(1) if asking.stdout else "":
        said += piece
        print(piece, end="", flush=True)
    if asking.wait():
        raise Failed(f"{question['person']} asks: exit code {asking.returncode}")
    done(f"{question['person']} asks", started)
    if question["expect"] == "refused":
        if question["document"] in said or not any(refusal in said for refusal in REFUSALS):
            raise Failed(f"{question['person']} must not be answered, and was: {said}")
    elif question["phrase"] not in said or question["document"] not in said:
        raise Failed(f"expected {question['phrase']!r} from {question['document']}, and got: {said}")


def export(environ: dict[str, str]) -> None:
    """An export, verified by the program that needs nothing else of ours."""
    target = HOME / "export"
    shutil.rmtree(target, ignore_errors=True)
    step("An export of the log", [BIN / "appliance", "audit", "export", "--out", target], environ)
    command = [BIN / "appliance-verify", "--key", KEPT_KEY, "--require-complete", target]
    step("The export, verified without the appliance", command, environ)


if __name__ == "__main__":
    main()
