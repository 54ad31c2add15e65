"""Every command: its help, its two ways of showing, its exit codes, and that no error ever ends in a traceback."""

from __future__ import annotations

import json
import logging
import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click
import pytest

from appliance.api.private import PeerProtocol
from appliance.audit.verify import MISSING, REFUSED
from appliance.audit.verify import main as verified
from appliance.cli import COMMANDS, appliance, exits
from appliance.cli.ask import Quoted
from appliance.cli.command import run
from appliance.cli.guards import examine
from appliance.connect import connect
from appliance.settings import Settings, load
from ingest.cli import ingest
from tests.unit.api.world import PEOPLE, World, make_home, services_at

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An installation with two documents, served by this process, as it would be by another command."""
    made = make_home(tmp_path_factory.mktemp("cli") / "home")
    with services_at(made) as services:
        world = World(services)
        world.store("marks.txt", "出張旅費の精算期限は、帰着から五営業日以内である [1][2][99]。", ["g-staff"])
        world.store("allowance.txt", "通勤手当は月額三万円を上限とする。", ["g-staff"], title="通勤\x1b[31m手当規程")
        world.store("secret.txt", "役員報酬の内規である。", ["g-hr"])
    with connect(load({"APPLIANCE_HOME": str(made)})):
        yield made


@contextmanager
def own_log() -> Iterator[None]:
    """The log as a fresh process finds it: without the test runner's handlers."""
    root = logging.getLogger()
    kept, root.handlers = root.handlers, []
    try:
        yield
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers = kept


@pytest.fixture
def command(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command line in this process: its exit code, what it said, and what it said of errors."""

    def call(
        *arguments: str, at: Path = home, program: click.Command = appliance, **environ: str
    ) -> tuple[int, str, str]:
        monkeypatch.setenv("APPLIANCE_HOME", str(at))
        monkeypatch.setenv("APPLIANCE_LANGUAGE", "en")
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        with own_log(), pytest.raises(SystemExit, match=r"\d+") as end:
            run(program, program.name or "", arguments)
        said = capsys.readouterr()
        assert "Traceback" not in said.err + said.out
        assert isinstance(end.value.code, int)
        return end.value.code, said.out, said.err

    return call


def tree(program: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[click.Command, tuple[str, ...]]]:
    yield program, path
    if isinstance(program, click.Group):
        context = click.Context(program)
        for name in program.list_commands(context):
            found = program.get_command(context, name)
            assert found is not None
            yield from tree(found, (*path, name))


ALL = [(root, path, found) for root in (appliance, ingest) for found, path in tree(root)]


@pytest.mark.parametrize(("root", "path", "found"), ALL, ids=[" ".join((r.name or "", *p)) for r, p, _ in ALL])
def test_every_command_helps(
    command: Command, root: click.Command, path: tuple[str, ...], found: click.Command
) -> None:
    code, out, err = command(*path, "--help", program=root)

    assert (code, err) == (0, "")
    assert out.startswith("Usage: ")
    for option in found.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.help, f"{option.name} says nothing"
            assert max(option.opts, key=len) in out


def test_the_table_of_commands_is_what_is_there(command: Command) -> None:
    code, out, _ = command("--help")

    assert code == 0
    for name, (_, summary) in COMMANDS.items():
        assert name in out
        assert summary.en[:20] in out


def test_the_help_needs_no_installation(command: Command, tmp_path: Path) -> None:
    for name in COMMANDS:
        assert command(name, "--help", at=tmp_path / "none")[0] == 0


def test_no_command_shows_the_help(command: Command) -> None:
    code, out, err = command()

    assert code == 2
    assert "Usage" in out + err


SHOWING = [
    (appliance, ("ask", "通勤手当の上限はいくらか", "--as", "yamada")),
    (appliance, ("search", "通勤手当", "--as", "yamada")),
    (appliance, ("documents", "--as", "yamada")),
    (appliance, ("audit", "show")),
    (appliance, ("audit", "verify")),
    (appliance, ("doctor",)),
    (ingest, ("status", "--collection", "tests")),
]


@pytest.mark.parametrize(
    ("program", "arguments"), SHOWING, ids=lambda value: " ".join(value) if isinstance(value, tuple) else value.name
)
def test_every_table_is_also_json(command: Command, program: click.Command, arguments: tuple[str, ...]) -> None:
    code, out, err = command(*arguments, program=program)
    as_data, data, _ = command(*arguments, "--json", program=program)

    assert (code, as_data, err) == (0, 0, "")
    assert out.strip()
    assert json.loads(data)
    assert "\x1b" not in out, "no document draws on the terminal"


def test_the_json_of_commands_holds_what_a_script_needs(command: Command) -> None:
    answer = json.loads(command("ask", "通勤手当の上限はいくらか", "--as", "yamada", "--json")[1])

    assert answer["outcome"] == "answered"
    assert answer["citations"][0]["quote"] in answer["sources"][0]["text"]
    case = json.loads(command("audit", "show", answer["case"], "--json")[1])
    assert [event["action"] for event in case["events"]] == [
        "question.received",
        "question.retrieved",
        "question.completed",
    ]
    assert case["proof"]["verified"] is True


def test_a_person_without_documents_is_told_so(command: Command) -> None:
    code, out, _ = command("ask", "通勤手当の上限はいくらか", "--as", "nakamura")

    assert code == 0
    assert "見つかりませんでした" in out
    assert json.loads(command("documents", "--as", "nakamura", "--json")[1]) == {"documents": []}


FAILING: list[tuple[tuple[str, ...], int, str]] = [
    (("nonsense",), exits.USAGE, "No such command"),
    (("ask",), exits.USAGE, "Missing argument"),
    (("ask", "質問", "--as"), exits.USAGE, "requires an argument"),
    (("search", "質問", "--as", "yamada", "--limit", "0"), exits.USAGE, "0 is not in the range"),
    (("audit", "show", "--from", "yesterday"), exits.USAGE, "yesterday"),
    (("ask", "", "--as", "yamada"), 3, "The question is empty"),
    (("ask", " \u3000 ", "--as", "yamada"), 3, "The question is empty"),
    (("ask", "あ" * 2001, "--as", "yamada"), 3, "2001 characters; at most 2000"),
    (("ask", "a\udcff", "--as", "yamada"), 3, "question"),
    (("search", "a\udcff", "--as", "yamada"), 3, "query"),
    (("ask", "質問", "--as", "mallory"), 4, "Nobody is called mallory"),
    (("ask", "質問", "--as", "\udcff"), 3, "person"),
    (("ask", "質問", "--as", "yamada", "--conversation", "../x"), 5, "no conversation ../x"),
    (("audit", "show", "none"), 5, "no event none"),
    (("audit", "show", "../../health"), 5, "/health"),
    (("audit", "show", "\udcff?x#y"), 5, ""),
]


@pytest.mark.parametrize(("arguments", "code", "word"), FAILING, ids=range(len(FAILING)))
def test_what_fails_says_why_and_ends_with_its_code(
    command: Command, arguments: tuple[str, ...], code: int, word: str
) -> None:
    found, out, err = command(*arguments)

    assert (found, out) == (code, ""), err
    assert word in err
    assert len(err.encode("utf-8", "replace")) < 1000
    if code != exits.USAGE:
        assert err.count("\n") == 1, "one sentence"
        assert err.startswith("appliance: ")
        assert code in exits.MEANINGS


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("status", "--collection", "a b"), 3),
        (("status", "--collection", ".."), 3),
        (("status", "--collection", "\udcff"), 3),
        (("remove", "none.txt", "--collection", "tests"), 5),
        (("remove", "../x", "--collection", "tests"), 3),
        (("remove", "x"), exits.USAGE),
    ],
)
def test_ingest_ends_with_the_same_codes(command: Command, arguments: tuple[str, ...], code: int) -> None:
    found, _, err = command(*arguments, program=ingest)

    assert found == code, err


@pytest.mark.parametrize(("language", "word"), [("ja", "質問が空です"), ("en", "The question is empty")])
def test_the_language_is_the_settings(command: Command, language: str, word: str) -> None:
    assert word in command("ask", "", "--as", "yamada", APPLIANCE_LANGUAGE=language)[2]


@pytest.mark.parametrize(
    ("language", "word"), [("ja", "この製品のデータがありません"), ("en", "There is no appliance at")]
)
def test_before_there_are_settings_the_language_is_the_shells(
    command: Command, tmp_path: Path, language: str, word: str
) -> None:
    code, _, err = command("doctor", at=tmp_path / "none", APPLIANCE_LANGUAGE=language)

    assert code == 3
    assert word in err
    assert not (tmp_path / "none").exists()


def test_every_fault_of_the_settings_is_a_line(command: Command, tmp_path: Path) -> None:
    made = make_home(tmp_path / "home", 'colour = "red"\nport = "many"\n')

    code, _, err = command("documents", "--as", "yamada", at=made)

    assert (code, err.count("\n")) == (3, 2)
    assert "colour" in err
    assert "port cannot be many" in err


@pytest.mark.parametrize("arguments", [("documents", "--as", "yamada"), ("doctor",), ("init", "--people", str(PEOPLE))])
def test_nothing_is_made_in_somebody_elses_home(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    made = make_home(tmp_path / "home")
    before = sorted(made.rglob("*"))
    monkeypatch.setattr("os.geteuid", lambda: made.stat().st_uid + 1)

    code, _, err = command(*arguments, at=made)

    assert (code, "sudo -u" in err) == (4, True)
    assert sorted(made.rglob("*")) == before


def test_a_refusal_by_the_server_is_said_at_once(command: Command, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may pass through the folder and is not its owner: the server answers, so nobody waits for it."""
    monkeypatch.setattr("appliance.connect._START_SECONDS", 0.0)
    real = PeerProtocol.connection_made

    def of_a_stranger(self: PeerProtocol, transport: Any) -> None:
        real(self, transport)
        self.client = ("peer", os.getuid() + 1)

    monkeypatch.setattr(PeerProtocol, "connection_made", of_a_stranger)

    code, _, err = command("documents", "--as", "yamada")

    assert code == 4
    assert "serves its installation's owner only" in err


def test_a_defect_is_a_reference_here_and_a_traceback_in_the_log(
    command: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("the cause")

    monkeypatch.setattr("appliance.cli.documents.connect", broken)
    code, out, err = command("documents", "--as", "yamada")

    assert (code, out) == (1, "")
    reference = err.split("under ")[1].split(".")[0]
    log = (home / "log" / "commands.log").read_text(encoding="utf-8")
    assert reference in log
    assert "ZeroDivisionError: the cause" in log
    assert "cause" not in err.replace("finds the cause", "")


def test_the_doctor_ends_with_9_where_something_is_wrong(command: Command, home: Path) -> None:
    key = home / "keys" / "audit.key"
    key.chmod(0o644)
    try:
        code, out, _ = command("doctor")
    finally:
        key.chmod(0o600)

    assert code == exits.NOT_AS_WISHED
    assert "chmod" in out


def test_the_doctor_names_the_guards_of_conversion(command: Command) -> None:
    _, out, _ = command("doctor", "--json")

    [check] = [check for check in json.loads(out)["checks"] if check["name"] == "conversion guards"]
    assert "system-calls" in check["finding"]
    assert check["state"] == ("failed" if check["remedy"] else "ok")


@pytest.mark.parametrize(("guards", "state"), [("required", "failed"), ("as-available", "warning")])
@pytest.mark.parametrize(("language", "words"), [("ja", "使えないもの: files"), ("en", "missing: files")])
def test_a_guard_that_does_not_hold_is_a_finding_of_the_doctor(
    guards: str, state: str, language: str, words: str
) -> None:
    settings = Settings.model_validate({"home": "/", "language": language, "conversion_guards": guards})
    child = (sys.executable, "-c", "print('own-network\\nfiles', end='')")

    check = examine(settings, child)

    assert (check.name, check.label) == ("conversion guards", {"ja": "変換の隔離", "en": "conversion guards"}[language])
    assert (check.state, check.finding) == (state, words)
    assert "Landlock" in check.remedy


def test_a_sandbox_that_does_not_start_at_all_is_a_finding_of_the_doctor() -> None:
    check = examine(Settings.model_validate({"home": "/", "language": "en"}), (sys.executable, "-c", "exit(3)"))

    assert (check.state, check.finding) == ("failed", "missing: exit status 3")


def test_what_the_doctor_says_of_a_sandbox_that_does_not_start_is_japanese_where_that_is_set() -> None:
    check = examine(Settings.model_validate({"home": "/", "language": "ja"}), (sys.executable, "-c", "exit(3)"))

    assert check.finding == "使えないもの: 終了コード 3"
    assert LATIN.findall(check.remedy) == []


# --- in Japanese ------------------------------------------------------------------------------------------------------

LATIN = re.compile(r"[A-Za-z]{3,}(?: [a-z]{2,})+")  # two English words in a row


@pytest.mark.parametrize(("root", "path", "found"), ALL, ids=[" ".join((r.name or "", *p)) for r, p, _ in ALL])
def test_the_help_of_every_command_is_in_the_language_set(
    command: Command, root: click.Command, path: tuple[str, ...], found: click.Command
) -> None:
    code, out, err = command(*path, "--help", program=root, APPLIANCE_LANGUAGE="ja")

    assert (code, err) == (0, "")
    assert out.startswith("使い方: ")
    assert "この説明を表示して終了します。" in out
    assert LATIN.findall("\n".join(out.splitlines()[1:])) == []
    assert command(*path, "--help", program=root)[1].startswith("Usage: "), "and in English again afterwards"


def test_before_there_is_an_installation_help_is_in_the_language_of_the_shell(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    for language, word in (("ja_JP.UTF-8", "使い方"), ("C.UTF-8", "Usage")):
        code, out, _ = command("--help", at=tmp_path / "none", APPLIANCE_LANGUAGE="", LANG=language)
        assert (code, out[: len(word)]) == (0, word)


@pytest.mark.parametrize(
    ("program", "arguments", "words"),
    [
        (appliance, ("chek",), "エラー: コマンド 'chek' はありません。"),
        (appliance, ("ask",), "引数を指定してください: 'QUESTION'"),
        (appliance, ("ask", "質問"), "オプションを指定してください: '--as'"),
        (appliance, ("ask", "質問", "--as"), "オプション '--as' には値が必要です。"),
        (appliance, ("ask", "質問", "--conversatoin", "x"), "オプション '--conversatoin' はありません。"),
        (appliance, ("documents", "--as", "x", "x"), "余分な引数があります（x）"),
        (appliance, ("search", "質問", "--as", "yamada", "--limit", "0"), "0 は範囲 1<=x<=50 の外です。"),
        (appliance, ("search", "質問", "--as", "yamada", "--limit", "x"), "'x' は integer range ではありません。"),
        (appliance, ("init", "--people", "/none"), "'/none' がありません。"),
        (ingest, ("add", "--collection", "c"), "引数を指定してください: 'PATHS...'"),
    ],
)
def test_what_click_says_of_a_command_line_is_too(
    command: Command, program: click.Command, arguments: tuple[str, ...], words: str
) -> None:
    code, out, err = command(*arguments, program=program, APPLIANCE_LANGUAGE="ja")

    assert (code, out) == (exits.USAGE, "")
    assert words in err
    assert "エラー: " in err
    assert "Usage" not in err
    assert "Error" not in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("documents", "--as", "yamada"), ("題名", "文書", "取扱区分", "言語", "更新", "社内限", "日本語")),
        (("search", "通勤手当", "--as", "yamada"), ("スコア", "文書", "箇所", "本文")),
        (("audit", "show", "--limit", "5"), ("時刻", "利用者", "操作", "結果", "照会番号", "成功")),
        (("audit", "verify"), ("件を検証しました",)),
        (("doctor",), ("検査", "状態", "所見", "対処", "監査ログ", "意味による検索", "正常")),
    ],
)
def test_heads_and_values_of_tables_are_in_the_language_set(
    home: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """A process of its own: this one serves the installation in English."""
    environ = {**os.environ, "APPLIANCE_HOME": str(home), "APPLIANCE_LANGUAGE": "ja"}
    ran = subprocess.run([Path(sys.executable).parent / "appliance", *arguments], env=environ, capture_output=True, text=True, check=True)  # fmt: skip

    for word in words:
        assert word in ran.stdout
    assert LATIN.findall(ran.stdout) == []


def test_the_keys_of_json_and_the_names_of_checks_are_english_in_every_language(command: Command) -> None:
    checks = json.loads(command("doctor", "--json", APPLIANCE_LANGUAGE="ja")[1])["checks"]

    assert [check["name"] for check in checks][:4] == ["owners", "permissions", "inner permissions", "disk"]
    assert set(checks[0]) == {"name", "label", "state", "finding", "remedy"}


def test_a_number_in_brackets_that_stands_in_a_document_does_not_pass_for_a_citation(command: Command) -> None:
    arguments = ("ask", "出張旅費の精算期限はいつか", "--as", "yamada")
    out, data = command(*arguments)[1], json.loads(command(*arguments, "--json")[1])

    assert "五営業日以内である ［1］［2］［99］。 [1]" in out
    assert "[1][2][99]" in data["sources"][0]["text"], "what --json gives stays as it is"


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (("a [1] b",), "a ［1］ b"),
        (("a [", "1", "2] b"), "a ［12］ b"),
        (("a [1",), "a [1"),
        (("規程[改].pdf と a[i]",), "規程[改].pdf と a[i]"),
        (("[ 3 ]", "[[4]]"), "［3］[［4］]"),
    ],
)
def test_brackets_are_told_apart_also_where_an_answer_comes_in_pieces(pieces: tuple[str, ...], shown: str) -> None:
    quoted = Quoted()

    assert "".join(quoted.said(piece) for piece in pieces) + quoted.rest() == shown


# --- the log ----------------------------------------------------------------------------------------------------------


def test_an_export_is_a_new_folder(command: Command, tmp_path: Path) -> None:
    code, out, _ = command("audit", "export", "--out", str(tmp_path / "deep" / "export"))

    assert (code, out.strip()) == (0, str(tmp_path / "deep" / "export"))
    assert (tmp_path / "deep" / "export" / "manifest.json").is_file()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["export"]


@pytest.mark.parametrize("there", [False, True])
def test_an_export_is_its_owners_alone_whatever_the_umask(command: Command, tmp_path: Path, there: bool) -> None:
    made = tmp_path / "export"
    if there:
        made.mkdir(mode=0o755)
    before = os.umask(0o000)
    try:
        code, _, _ = command("audit", "export", "--out", str(made))
    finally:
        os.umask(before)

    assert code == 0
    modes = {stat.S_IMODE(path.stat().st_mode) for path in made.rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in (made, *made.rglob("*")) if path.is_dir()}
    assert (modes, folders) == ({0o600}, {0o700})


def test_a_persons_export_says_whose_leaves_are_in_it(command: Command, tmp_path: Path) -> None:
    command("ask", "通勤手当の上限はいくらか", "--as", "yamada")

    code, _, err = command("audit", "export", "--out", str(tmp_path / "export"), "--person", "yamada")

    assert code == 0
    assert "the leaves of all events and all people" in err
    assert "the leaves of all events" in " ".join(command("audit", "export", "--help")[1].split())
    shown = [json.loads(line) for line in (tmp_path / "export" / "events.jsonl").read_bytes().splitlines()]
    assert {event["leaf"]["actor"]["id"] for event in shown} >= {"yamada"}


@pytest.mark.parametrize(
    ("arguments", "why", "action"),
    [
        (("--person", "yamda"), "yamda", "request.failed"),
        (("--from", "2027-01-02", "--to", "2027-01-01"), "later than the beginning", "audit.exported"),
    ],
)
def test_an_export_of_nothing_is_refused_and_recorded_as_failed(
    command: Command, tmp_path: Path, arguments: tuple[str, ...], why: str, action: str
) -> None:
    code, _, err = command("audit", "export", "--out", str(tmp_path / "export"), *arguments)

    assert (code, why in err) == (3, True), err
    assert list(tmp_path.iterdir()) == []
    (last,) = json.loads(command("audit", "show", "--action", action, "--limit", "1", "--json")[1])["events"]
    assert last["outcome"] == "failed"


def test_the_key_and_a_checkpoint_are_printed_to_be_kept(command: Command, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text(command("audit", "checkpoint")[1])
    (tmp_path / "log.vkey").write_text(command("audit", "key")[1])
    command("audit", "export", "--out", str(tmp_path / "export"))

    code, out, _ = command("audit", "verify", "--since", str(kept))

    assert (code, "continues the checkpoint of" in out) == (0, True)
    verify = ["--key", str(tmp_path / "log.vkey"), "--since", str(kept), "--require-complete", str(tmp_path / "export")]
    assert verified(verify) == 0
    kept.write_text(kept.read_text().replace("appliance.local", "appliance.other"))
    code, _, err = command("audit", "verify", "--since", str(kept))
    assert code == exits.NOT_AS_WISHED
    assert err.startswith("since: ")
    assert "Do not put an older backup in their place" in err


def test_a_missing_text_is_shown_as_missing_everywhere(command: Command, home: Path, tmp_path: Path) -> None:
    case = json.loads(command("ask", "通勤手当の上限はいくらか", "--as", "yamada", "--json")[1])["case"]
    question = json.loads(command("audit", "show", case, "--json")[1])["events"][0]["index"]
    with closing(sqlite3.connect(home / "data" / "audit.db")) as database, database:
        row = database.execute("SELECT * FROM audit_texts WHERE idx = ?", (question,)).fetchone()
        database.execute("DELETE FROM audit_texts WHERE idx = ?", (question,))
    try:
        assert command("audit", "verify")[0] == exits.TEXTS_MISSING
        assert f"text question of event {question} is missing" in command("audit", "verify")[2]
        code, _, err = command("audit", "export", "--out", str(tmp_path / "export"))
        assert (code, f"Text question of event {question} is missing" in err) == (exits.TEXTS_MISSING, True)
        (tmp_path / "key").write_text(command("audit", "key")[1])
        assert verified(["--key", str(tmp_path / "key"), str(tmp_path / "export")]) == MISSING
        assert command("doctor")[0] == exits.NOT_AS_WISHED
        assert f"{question} question: (missing)" in command("audit", "show", case)[1]
        assert f"{question} 質問: （欠落）" in command("audit", "show", case, APPLIANCE_LANGUAGE="ja")[1]
        assert json.loads(command("audit", "show", case, "--json")[1])["events"][0]["texts"] == {"question": None}
    finally:
        with closing(sqlite3.connect(home / "data" / "audit.db")) as database, database:
            database.execute("INSERT INTO audit_texts VALUES (?, ?, ?, ?)", row)


def test_a_damaged_log_is_secured_as_evidence(command: Command, tmp_path: Path) -> None:
    damaged = make_home(tmp_path / "home")
    with services_at(damaged) as services:
        world = World(services)
        world.owner.get("/audit/events")
        code, _, err = command("audit", "evidence", "--out", str(tmp_path / "evidence"), at=damaged)
        assert (code, "in use by another process" in err) == (7, True)
    with closing(sqlite3.connect(damaged / "data" / "audit.db")) as database, database:
        database.execute("UPDATE audit_leaves SET leaf = replace(leaf, 'success', 'aborted') WHERE idx = 0")
    before = (damaged / "data" / "audit.db").read_bytes()

    code, _, err = command("audit", "show", at=damaged)
    assert (code, "appliance audit evidence --out" in err) == (7, True)
    code, _, err = command("audit", "evidence", "--out", str(tmp_path / "evidence"), at=damaged)

    assert (code, "no export" in err) == (0, True)
    assert (tmp_path / "evidence" / "audit.db").read_bytes() == before
    said = json.loads((tmp_path / "evidence" / "DAMAGED.json").read_text(encoding="utf-8"))
    assert said["problems"][-1].startswith("checkpoint: its root ")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "evidence").iterdir()} == {0o600}
    assert verified(["--key", str(tmp_path / "evidence" / "log.vkey"), str(tmp_path / "evidence")]) == REFUSED


@pytest.mark.parametrize("make", ["a file", "a full folder", "a link"])
def test_an_export_goes_over_nothing(command: Command, tmp_path: Path, make: str) -> None:
    out = tmp_path / "out"
    if make == "a file":
        out.write_text("mine")
    elif make == "a link":
        out.symlink_to(tmp_path / "elsewhere")
    else:
        out.mkdir()
        (out / "mine").write_text("mine")

    code, _, err = command("audit", "export", "--out", str(out))

    assert code == 6
    assert str(out) in err
    assert not (tmp_path / "elsewhere").exists()


def test_an_export_that_cannot_be_written_leaves_nothing(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    code, _, err = command("audit", "export", "--out", str(tmp_path / "file" / "export"))

    assert code == 7
    assert "could not be written" in err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# --- init -------------------------------------------------------------------------------------------------------------


def test_a_new_installation_is_its_owners_alone(command: Command, tmp_path: Path) -> None:
    made = tmp_path / "deep" / "new"

    assert command("init", "--people", str(PEOPLE), "--port", "9001", at=made)[0] == 0

    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in (made, made / "data", made / "keys", made / "run")
    }
    assert set(modes.values()) == {0o700}
    assert stat.S_IMODE((made / "keys" / "audit.key").stat().st_mode) == 0o600
    assert load({"APPLIANCE_HOME": str(made)}).port == 9001
    code, _, err = command("init", "--people", str(PEOPLE), at=made)
    assert (code, "already" in err) == (6, True)


def test_a_folder_that_serves_something_else_is_left_as_it_is(command: Command, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "passwd").write_text("x")

    code, _, err = command("init", "--people", str(PEOPLE), at=tmp_path)

    assert code == 6
    assert "passwd" in err
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["passwd"]


def test_no_command_writes_into_a_folder_that_is_no_installation(command: Command, tmp_path: Path) -> None:
    for arguments in (("doctor",), ("documents", "--as", "yamada")):
        assert command(*arguments, at=tmp_path)[0] == 3

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("init",), exits.USAGE),
        (("init", "--people", "/none"), exits.USAGE),
        (("init", "--people", str(PEOPLE), "--port", "0"), exits.USAGE),
        (("init", "--people", str(PEOPLE), "--port", "70000"), exits.USAGE),
        (("init", "--people", __file__), 3),
    ],
)
def test_an_init_that_cannot_be_makes_nothing(
    command: Command, tmp_path: Path, arguments: tuple[str, ...], code: int
) -> None:
    found, _, err = command(*arguments, at=tmp_path / "new")

    assert found == code, err
    assert not (tmp_path / "new").exists()


def test_an_init_under_a_file_says_so(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    code, _, err = command("init", "--people", str(PEOPLE), at=tmp_path / "file" / "home")

    assert code == 7
    assert "cannot be used" in err


@pytest.mark.parametrize("step", ["folders", "log", "settings"])
def test_an_init_that_was_killed_can_be_run_again(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Killed: nothing of ours runs any more, so what was made until then stays."""
    made = tmp_path / "home"
    at = {"folders": "shutil.copyfile", "log": "appliance.audit.log.AuditLog.create", "settings": "pathlib.Path.rename"}
    if step == "settings":
        make_home(made)
        (made / "settings.toml").rename(made / "settings.toml.new")
    else:
        with monkeypatch.context() as patched:

            def killed(*_: object, **__: object) -> None:
                raise KeyboardInterrupt

            patched.setattr(at[step], killed)
            assert command("init", "--people", str(PEOPLE), at=made)[0] == exits.INTERRUPTED

    assert command("init", "--people", str(PEOPLE), at=made)[0] == 0
    with services_at(made):
        pass
