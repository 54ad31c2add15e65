"""The demo, as `make demo` runs it: documents in, three questions by three people, the log verified, then the portal.

It speaks one language throughout: APPLIANCE_LANGUAGE, else the shell's. Only the product's own commands are used, as
its administrator would. A wrong answer ends it with exit code 1.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from appliance.settings import shell_language
from appliance.words import Words

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "infra" / "demo"
HOME = ROOT / "var" / "demo"
KEPT_KEY = HOME.with_name("demo.vkey")  # outside of the installation, as an auditor keeps it
BIN = Path(sys.executable).parent
PORT = 8765
LANGUAGE = shell_language()
WORDS = {
    "new": Words(ja="var/demo に新しい環境を作ります", en="A new installation in var/demo"),
    "port": Words(
        ja="ポート {usual} は使用中のため、{port} を使います（PORT=番号 make demo で指定できます）。",
        en="Port {usual} is in use, so {port} is taken (PORT=number make demo names another).",
    ),
    "no portal": Words(ja="ポータルを起動できませんでした", en="the portal did not start"),
    "started": Words(ja="ポータルと API の起動", en="Portal and API start"),
    "verify": Words(ja="監査ログを署名付きチェックポイントと照合", en="The audit log against its signed checkpoint"),
    "seconds": Words(ja="   {title}: {seconds} 秒", en="   {title}: {seconds} s"),
    "done": Words(ja="完了しました（{seconds} 秒）。", en="Done in {seconds} s."),
    "at": Words(
        ja="ポータルは {address} です（終了は Ctrl+C）。次の利用者でサインインできます。",
        en="The portal is at {address}  (stop it with Ctrl+C). Sign in as:",
    ),
    "failed": Words(ja="{title}: 終了コード {code}", en="{title}: exit code {code}"),
    "documents": Words(ja="文書群 {name} の取り込み", en="Documents of {name}"),
    "asks": Words(ja="{person} の質問", en="{person} asks"),
    "answered": Words(
        ja="{person} には回答してはいけませんが、回答がありました: {said}",
        en="{person} must not be answered, and was: {said}",
    ),
    "unexpected": Words(
        ja="{document} の「{phrase}」を含む回答のはずですが、次の回答でした: {said}",
        en="expected {phrase!r} from {document}, and got: {said}",
    ),
    "export": Words(ja="ログの書き出し", en="An export of the log"),
    "verified": Words(ja="書き出しの検証（このシステムを使わずに）", en="The export, verified without the appliance"),
    "reader": Words(ja="閲覧", en="reader"),
    "auditor": Words(ja="監査担当", en="auditor"),
    "administrator": Words(ja="管理者", en="administrator"),
}
REFUSALS = ("根拠となる記述が見つかりませんでした", "No supporting passage was found")


class Failed(SystemExit):
    """The demo did not do what it must."""


def main() -> None:
    """Run every step and say how long each took."""
    begin = time.monotonic()
    taken = port()
    environ = {
        **os.environ,
        "APPLIANCE_HOME": str(HOME),
        "APPLIANCE_PORT": str(taken),
        "APPLIANCE_LANGUAGE": LANGUAGE,
    }
    if taken != PORT and "PORT" not in os.environ:
        print(say("port", usual=PORT, port=taken))
    if not (HOME / "settings.toml").exists():
        given = ["--people", DEMO / "people.toml", "--examples", DEMO / "examples.toml"]
        step(say("new"), [BIN / "appliance", "init", *given], environ)
        KEPT_KEY.unlink(missing_ok=True)
    if not KEPT_KEY.exists():
        KEPT_KEY.write_bytes(subprocess.check_output([BIN / "appliance", "audit", "key"], env=environ))
    signal.signal(signal.SIGTERM, _as_interrupt)  # else the portal would go on listening behind us
    server = subprocess.Popen([BIN / "portal"], env=environ, stdout=subprocess.PIPE, text=True)
    try:
        started = time.monotonic()
        address = server.stdout.readline().strip() if server.stdout else ""
        if not address:
            raise Failed(say("no portal"))
        done(say("started"), started)
        for folder in sorted((DEMO / "corpus").iterdir()):
            ingest(folder, environ)
        for question in questions():
            ask(question, environ)
        step(say("verify"), [BIN / "appliance", "audit", "verify"], environ)
        export(environ)
        print("\n" + say("done", seconds=f"{time.monotonic() - begin:.1f}"))
        if os.environ.get("SERVE") == "no":
            return
        print("\n" + say("at", address=address))
        for person in people():
            print(f"  {person['id']:10} {person['name']} / {person['name_en']}: {', '.join(map(say, person['roles']))}")
        server.wait()
    except KeyboardInterrupt:
        pass
    finally:
        server.terminate()
        server.wait(timeout=30)


def _as_interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def say(name: str, /, **values: object) -> str:
    """One of WORDS, in the demo's language."""
    return WORDS[name].text(LANGUAGE, **values)


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
        raise Failed(say("failed", title=title, code=code))
    done(title, started)


def done(title: str, started: float) -> None:
    """Say how long a step took."""
    print(say("seconds", title=title, seconds=f"{time.monotonic() - started:.1f}"), flush=True)


def shown(word: object) -> str:
    """A word of a command line as a person would type it from the clone."""
    text = str(word).replace(f"{ROOT}/", "")
    return f"'{text}'" if " " in text or any(ord(c) > 127 for c in text) else text


def ingest(folder: Path, environ: dict[str, str]) -> None:
    """One collection of the sample corpus. The one with the broken file ends with 10: some files were not taken in."""
    command = [BIN / "ingest", "sync", folder, "--collection", folder.name, "--yes"]
    step(say("documents", name=folder.name), command, environ, accepted=(0, 10))


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
    title = say("asks", person=question["person"])
    print(f"\n== {title}\n$ {' '.join(shown(word) for word in command)}", flush=True)
    started, said = time.monotonic(), ""
    asking = subprocess.Popen([str(word) for word in command], env=environ, stdout=subprocess.PIPE, text=True)
    while piece := asking.stdout.read(1) if asking.stdout else "":
        said += piece
        print(piece, end="", flush=True)
    if asking.wait():
        raise Failed(say("failed", title=title, code=asking.returncode))
    done(title, started)
    if question["expect"] == "refused":
        if question["document"] in said or not any(refusal in said for refusal in REFUSALS):
            raise Failed(say("answered", person=question["person"], said=said))
    elif question["phrase"] not in said or question["document"] not in said:
        raise Failed(say("unexpected", phrase=question["phrase"], document=question["document"], said=said))


def export(environ: dict[str, str]) -> None:
    """An export, verified by the program that needs nothing else of ours."""
    target = HOME / "export"
    shutil.rmtree(target, ignore_errors=True)
    step(say("export"), [BIN / "appliance", "audit", "export", "--out", target], environ)
    command = [BIN / "appliance-verify", "--key", KEPT_KEY, "--require-complete", "--lang", LANGUAGE, target]
    step(say("verified"), command, environ)


if __name__ == "__main__":
    main()
