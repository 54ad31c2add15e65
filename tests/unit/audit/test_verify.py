"""The verifier against whoever has the export, whoever has the box, and whoever has another key."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from appliance.audit import keys
from appliance.audit.checkpoint import Checkpoint, signed
from appliance.audit.export import Selection, export
from appliance.audit.log import AuditLog
from appliance.audit.manifest import Manifest, StatedSelection, statement
from appliance.audit.merkle import EMPTY_ROOT
from appliance.audit.note import SigningKey, sign
from appliance.audit.verify import REFUSED, USAGE, VERIFIED, main
from tests.unit.audit.support import (
    NAME,
    START,
    Clock,
    Home,
    Raw,
    by_hand,
    change,
    copy,
    event,
    fill,
    leaf_fields,
    reasons,
    resign,
    verify,
)

SIZE = 300
SPOIL = Callable[[Path], None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Path, dict[int, bytes]]:
    """A log of 300 events, its export, and the checkpoints at some sizes before."""
    room = tmp_path_factory.mktemp("made")
    home = Home(room / "audit.db", room / "audit.key")
    AuditLog.create(home.path, home.key_path, NAME)
    notes: dict[int, bytes] = {}
    with home.open(Clock()) as log:
        for size in (0, 1, 255, 256, 257, SIZE):
            fill(log, size - log.reader.head().size, log.reader.head().size)
            notes[size] = log.reader.head().note.encode()
        export(log, room / "export", Selection())
        export(log, room / "person", Selection(person="p1"))
        (room / "key").write_text(log.key.encode())
    return home, room, notes


@pytest.fixture
def key(made: tuple[Home, Path, dict[int, bytes]]) -> Path:
    """The verifier key, kept outside of the export."""
    return made[1] / "key"


@pytest.fixture
def spoilt(made: tuple[Home, Path, dict[int, bytes]], tmp_path: Path) -> Path:
    """A copy of the export, to be spoilt."""
    return copy(made[1] / "export", tmp_path / "export")


@pytest.fixture
def signing(made: tuple[Home, Path, dict[int, bytes]]) -> SigningKey:
    """The log's own key, for what only its holder could do."""
    return made[0].key


FILES = [
    "events.csv",
    "events.jsonl",
    "log.vkey",
    "log/checkpoint",
    "log/tile/0/000",
    "log/tile/0/001.p/44",
    "log/tile/1/000.p/1",
    "log/tile/entries/000",
    "log/tile/entries/001.p/44",
    "manifest.json",
    "manifest.sig",
]


# --- who has the export and no key -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_one_changed_bit_anywhere_in_any_file_is_refused_and_the_file_is_named(
    spoilt: Path, key: Path, name: str
) -> None:
    source = random.Random(name)
    place = spoilt / name
    data = place.read_bytes()
    for position in {0, len(data) * 8 - 1, *(source.randrange(len(data) * 8) for _ in range(12))}:
        changed = bytearray(data)
        changed[position // 8] ^= 1 << position % 8
        place.write_bytes(changed)

        code, said = verify(spoilt, key)

        assert code == REFUSED, f"bit {position} of {name}"
        assert said.startswith(f"{name} is refused: "), said


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data + b"\n",
        lambda data: data + b"\x00",
        lambda data: b" " + data,
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data[1:],
    ],
    ids=["emptied", "shortened", "line added", "nul added", "space before", "mark before", "beheaded"],
)
def test_a_file_cut_or_lengthened_is_refused(
    spoilt: Path, key: Path, name: str, spoil: Callable[[bytes], bytes]
) -> None:
    place = spoilt / name
    place.write_bytes(spoil(place.read_bytes()))

    code, said = verify(spoilt, key)

    assert code == REFUSED
    assert said.startswith(f"{name} is refused: ")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(spoilt: Path, key: Path, name: str) -> None:
    (spoilt / name).unlink()

    assert (name, "missing") in reasons(spoilt, key)


@pytest.mark.parametrize(
    "name",
    [
        "added.jsonl",
        ".hidden",
        "events.csv.bak",
        "log/tile/0/001",
        "log/tile/0/001.p/43",
        "log/tile/0/000.p/255",
        "log/tile/entries/001.p/1",
        "log/tile/2/000.p/1",
        "log/checkpoint.sig",
        "log/tile/0/x000/000",
        "不正",
    ],
)
def test_an_added_file_is_named_even_an_empty_one(spoilt: Path, key: Path, name: str) -> None:
    place = spoilt / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.touch()

    assert (name, "added") in reasons(spoilt, key)


@pytest.mark.parametrize("name", ["empty", "log/tile/3", "log/tile/entries/x001"])
def test_an_added_folder_is_named_though_it_holds_nothing(spoilt: Path, key: Path, name: str) -> None:
    (spoilt / name).mkdir()

    assert reasons(spoilt, key) == [(name, "added")]


@pytest.mark.parametrize("name", FILES)
def test_a_link_in_place_of_a_file_is_refused_though_its_target_is_right(spoilt: Path, key: Path, name: str) -> None:
    place = spoilt / name
    place.rename(spoilt.parent / "moved")
    place.symlink_to(spoilt.parent / "moved")

    assert reasons(spoilt, key) == [(name, "not-a-file")]


def test_a_link_in_place_of_a_folder_is_refused(spoilt: Path, key: Path) -> None:
    (spoilt / "log" / "tile").rename(spoilt.parent / "moved")
    (spoilt / "log" / "tile").symlink_to(spoilt.parent / "moved")

    assert reasons(spoilt, key) == [("log/tile", "not-a-file")]


def test_a_pipe_is_refused_and_not_waited_for(spoilt: Path, key: Path) -> None:
    (spoilt / "events.csv").unlink()
    os.mkfifo(spoilt / "events.csv")

    assert reasons(spoilt, key) == [("events.csv", "not-a-file")]


def test_a_folder_in_place_of_a_file_is_refused(spoilt: Path, key: Path) -> None:
    (spoilt / "events.csv").unlink()
    (spoilt / "events.csv").mkdir()

    assert reasons(spoilt, key) == [("events.csv", "added"), ("events.csv", "missing")]


def test_all_faults_of_files_are_listed_and_the_first_is_said(spoilt: Path, key: Path) -> None:
    (spoilt / "added").touch()
    (spoilt / "events.csv").unlink()
    change(spoilt / "events.jsonl", b"page", b"Page")

    assert reasons(spoilt, key) == [("added", "added"), ("events.csv", "missing"), ("events.jsonl", "changed")]
    _, said = verify(spoilt, key)
    assert said.splitlines()[1] == "2 more problems; --json lists them all."


@pytest.mark.parametrize("name", [".DS_Store", "log/tile/.DS_Store", "desktop.ini", "Thumbs.db", "._events.csv"])
def test_what_the_auditors_own_computer_left_is_said_to_be_that(spoilt: Path, key: Path, name: str) -> None:
    (spoilt / name).write_bytes(b"x")

    assert reasons(spoilt, key) == [(name, "litter")]
    assert "remove it and verify again" in verify(spoilt, key)[1]


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig"])
def test_a_huge_file_is_refused_before_it_is_in_memory(spoilt: Path, key: Path, name: str) -> None:
    os.truncate(spoilt / name, 6 << 30)
    limited = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from appliance.audit.verify import main
sys.exit(main(["--key", {str(key)!r}, {str(spoilt)!r}]))
"""

    done = subprocess.run([sys.executable, "-c", limited], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (REFUSED, "")
    assert done.stdout.startswith(f"{name} is refused: it is larger than any of its kind")


def test_a_folder_of_evidence_is_no_export(spoilt: Path, key: Path) -> None:
    (spoilt / "DAMAGED.json").write_text("{}")

    assert reasons(spoilt, key) == [("DAMAGED.json", "damaged")]


def test_an_export_signed_again_with_another_key_is_refused(spoilt: Path, key: Path) -> None:
    other = SigningKey.generate(NAME)
    change(spoilt / "events.jsonl", "在宅".encode(), "出社".encode())
    (spoilt / "log.vkey").write_text(other.verifier.encode() + "\n")
    root = Checkpoint.decode((spoilt / "log/checkpoint").read_text().partition("\n\n")[0] + "\n")
    (spoilt / "log/checkpoint").write_bytes(signed(root, other))
    resign(spoilt, other)

    assert reasons(spoilt, key) == [("manifest.sig", "signature-foreign")]
    assert reasons(spoilt, spoilt / "log.vkey") != []


def test_the_key_inside_must_be_the_key_that_was_given(spoilt: Path, key: Path, signing: SigningKey) -> None:
    (spoilt / "log.vkey").write_text(SigningKey.generate(NAME).verifier.encode() + "\n")
    resign(spoilt, signing)

    assert reasons(spoilt, key) == [("log.vkey", "key-differs")]


def test_a_manifest_of_another_export_does_not_fit(
    made: tuple[Home, Path, dict[int, bytes]], spoilt: Path, key: Path
) -> None:
    for name in ("manifest.json", "manifest.sig"):
        (spoilt / name).write_bytes((made[1] / "person" / name).read_bytes())

    assert reasons(spoilt, key) == [("events.csv", "changed"), ("events.jsonl", "changed")]


def test_a_checkpoint_does_not_serve_as_the_manifests_signature(spoilt: Path, key: Path) -> None:
    (spoilt / "manifest.sig").write_bytes((spoilt / "log/checkpoint").read_bytes())

    assert reasons(spoilt, key) == [("manifest.json", "changed")]


def test_the_signature_of_an_older_checkpoint_does_not_cut_the_log(
    made: tuple[Home, Path, dict[int, bytes]], spoilt: Path, key: Path
) -> None:
    (spoilt / "log/checkpoint").write_bytes(made[2][256])

    assert reasons(spoilt, key) == [("log/checkpoint", "changed")]


# --- who has the box and its key, and shows something else than the log holds ----------------------------------------


def swap_texts(folder: Path) -> None:
    change(folder / "events.jsonl", "ですか？ 3".encode(), "ですか？ 4".encode())


def drop_line(folder: Path) -> None:
    lines = (folder / "events.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "events.jsonl").write_bytes(b"".join(lines[:40] + lines[41:]))


def drop_last_line(folder: Path) -> None:
    lines = (folder / "events.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "events.jsonl").write_bytes(b"".join(lines[:-1]))


def double_line(folder: Path) -> None:
    lines = (folder / "events.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "events.jsonl").write_bytes(b"".join([*lines, lines[-1]]))


def reorder_lines(folder: Path) -> None:
    lines = (folder / "events.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "events.jsonl").write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))


def erase_text(folder: Path) -> None:
    line = (folder / "events.jsonl").read_bytes().splitlines()[0]
    texts = line[line.index(b'"texts":') :]
    change(folder / "events.jsonl", texts, b'"texts":{"question":null}}')


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (swap_texts, ("events.jsonl", "text-differs")),
        (drop_line, ("events.jsonl", "event-differs")),
        (drop_last_line, ("events.jsonl", "event-missing")),
        (double_line, ("events.jsonl", "surplus")),
        (reorder_lines, ("events.jsonl", "event-differs")),
        (erase_text, ("events.csv", "row-differs")),
        (lambda f: change(f / "events.jsonl", b'"success"', b'"aborted"'), ("events.jsonl", "event-differs")),
        (lambda f: change(f / "events.jsonl", b'"status_id":1', b'"status_id":2'), ("events.jsonl", "event-differs")),
        (lambda f: change(f / "events.jsonl", b"}\n", b"}\r\n"), ("events.jsonl", "event-differs")),
        (lambda f: change(f / "events.csv", b"p1", b"p2"), ("events.csv", "row-differs")),
        (lambda f: change(f / "events.csv", b"\xef\xbb\xbf", b""), ("events.csv", "row-differs")),
        (lambda f: change(f / "events.csv", b"\r\n", b"\n"), ("events.csv", "row-differs")),
        (lambda f: (f / "events.csv").write_bytes((f / "events.csv").read_bytes() + b"x"), ("events.csv", "surplus")),
        (lambda f: change(f / "log/tile/0/000", b"", b"x"), ("log/tile/0/000", "tile-differs")),
        (
            lambda f: (f / "log/tile/1/000.p/1").write_bytes(bytes(32)),
            ("log/tile/1/000.p/1", "tile-differs"),
        ),
        (
            lambda f: change(f / "log/tile/entries/000", b'"success"', b'"aborted"'),
            ("events.jsonl", "event-differs"),
        ),
        (
            lambda f: change(f / "log/tile/entries/001.p/44", b'"v":1}', b'"v":1 '),
            ("log/tile/entries/001.p/44#256", "not-canonical"),
        ),
        (
            lambda f: (f / "log/tile/entries/000").write_bytes((f / "log/tile/entries/000").read_bytes() + b"\0"),
            ("log/tile/entries/000", "malformed"),
        ),
    ],
)
def test_what_is_shown_must_follow_from_the_log_whoever_signed_it(
    spoilt: Path, key: Path, signing: SigningKey, spoil: SPOIL, problem: tuple[str, str]
) -> None:
    spoil(spoilt)
    resign(spoilt, signing)

    assert reasons(spoilt, key) == [problem]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b'"person":null', b'"person":"p1"', ("events.jsonl", "event-differs")),
        (b'"end":null', b'"end":"2026-11-24T09:00:10.000000Z"', ("events.jsonl", "surplus")),
        (b'"events":300', b'"events":299', ("manifest.json", "count-differs")),
        (b'"missing":0', b'"missing":1', ("manifest.json", "count-differs")),
        (b'"texts":["question"]', b'"texts":["answer","question"]', ("events.csv", "row-differs")),
        (b'"size":300,"t', b'"size":299,"t', ("log/tile/0/001.p/43", "missing")),
        (b'"activity":1', b'"activity":2', ("manifest.json", "action-renamed")),
        ("質問の受付".encode(), "質問の受理".encode(), ("manifest.json", "action-renamed")),
        (b'"page.opened"', b'"page.closed"', ("manifest.json", "action-unknown")),
        (b'"origin":"bank', b'"origin":"bonk', ("manifest.json", "origin-differs")),
    ],
)
def test_what_the_manifest_states_must_follow_from_the_log_whoever_signed_it(
    spoilt: Path, key: Path, signing: SigningKey, old: bytes, new: bytes, problem: tuple[str, str]
) -> None:
    data = (spoilt / "manifest.json").read_bytes().replace(old, new)
    assert data != (spoilt / "manifest.json").read_bytes()
    (spoilt / "manifest.json").write_bytes(data)
    (spoilt / "manifest.sig").write_bytes(sign(statement(NAME, sha256(data).hexdigest()), signing))

    assert problem in reasons(spoilt, key)


def test_an_export_that_says_to_be_older_than_its_log_is_refused(spoilt: Path, key: Path, signing: SigningKey) -> None:
    now = Manifest.decode((spoilt / "manifest.json").read_bytes())
    resign(spoilt, signing, replace(now, created="2026-11-24T09:00:05.000000Z"))

    assert reasons(spoilt, key) == [("manifest.json", "created-early")]


def test_an_omitted_event_of_the_stated_person_is_seen(
    made: tuple[Home, Path, dict[int, bytes]], tmp_path: Path, key: Path, signing: SigningKey
) -> None:
    folder = copy(made[1] / "person", tmp_path / "person")
    for name in ("events.jsonl", "events.csv"):
        lines = (folder / name).read_bytes().splitlines(keepends=True)
        (folder / name).write_bytes(b"".join(lines[:-1]))
    resign(folder, signing)

    assert reasons(folder, key) == [("events.jsonl", "event-missing")]


def test_a_manifest_that_names_a_file_of_its_own_is_refused(spoilt: Path, key: Path, signing: SigningKey) -> None:
    (spoilt / "readme.txt").write_text("trust me")
    resign(spoilt, signing)

    assert reasons(spoilt, key) == [("manifest.json", "malformed"), ("readme.txt", "added")]


@pytest.mark.parametrize(
    ("leaves", "file", "reason"),
    [
        ([by_hand(leaf_fields(5)), by_hand(leaf_fields(4))], "log/tile/entries/000.p/2", "time-backwards"),
        ([by_hand(leaf_fields(1)), by_hand(leaf_fields(1))], "log/tile/entries/000.p/2", "id-twice"),
        ([by_hand(leaf_fields(1)), b"{}"], "log/tile/entries/000.p/2#1", "malformed"),
        ([b""], "log/tile/entries/000.p/1#0", "not-canonical"),
        ([by_hand(leaf_fields(1)) + b" "], "log/tile/entries/000.p/1#0", "not-canonical"),
        ([by_hand(leaf_fields(1, action="unknown.act"))], "manifest.json", "action-unknown"),
    ],
    ids=["time", "id", "shape", "empty", "space", "action"],
)
def test_a_log_whose_key_signed_nonsense_is_refused(
    tmp_path: Path, leaves: list[bytes], file: str, reason: str
) -> None:
    signing = SigningKey.generate(NAME)
    (tmp_path / "key").write_text(signing.verifier.encode())
    Raw(signing, leaves).write(tmp_path / "export")

    assert reasons(tmp_path / "export", tmp_path / "key") == [(file, reason)]


def test_an_export_put_together_by_hand_is_accepted_so_the_refusals_above_are_earned(tmp_path: Path) -> None:
    signing = SigningKey.generate(NAME)
    (tmp_path / "key").write_text(signing.verifier.encode())
    leaves = [by_hand(leaf_fields(number)) for number in range(520)]
    Raw(signing, leaves).write(tmp_path / "export")
    Raw(signing, leaves, StatedSelection(person="p2")).write(tmp_path / "none")

    assert verify(tmp_path / "export", tmp_path / "key")[0] == VERIFIED
    assert verify(tmp_path / "none", tmp_path / "key")[0] == VERIFIED


@pytest.mark.parametrize(
    ("size", "root", "problem"),
    [
        (299, None, "size-differs"),
        (300, bytes(32), "root-differs"),
    ],
)
def test_a_checkpoint_that_says_something_else_than_the_manifest_is_refused(
    spoilt: Path, key: Path, signing: SigningKey, size: int, root: bytes | None, problem: str
) -> None:
    now = Manifest.decode((spoilt / "manifest.json").read_bytes())
    (spoilt / "log/checkpoint").write_bytes(
        signed(Checkpoint(NAME, size, bytes.fromhex(now.root) if root is None else root), signing)
    )
    resign(spoilt, signing)

    assert reasons(spoilt, key) == [("log/checkpoint", problem)]


def test_a_root_that_does_not_come_of_the_entries_is_refused(spoilt: Path, key: Path, signing: SigningKey) -> None:
    now = Manifest.decode((spoilt / "manifest.json").read_bytes())
    (spoilt / "log/checkpoint").write_bytes(signed(Checkpoint(NAME, SIZE, bytes(32)), signing))
    resign(spoilt, signing, replace(now, root=bytes(32).hex()))

    assert reasons(spoilt, key) == [("log/checkpoint", "root-differs")]


def test_a_checkpoint_with_a_second_signature_is_refused_in_an_export(
    spoilt: Path, key: Path, signing: SigningKey
) -> None:
    place = spoilt / "log/checkpoint"
    text = place.read_text().partition("\n\n")[0] + "\n"
    place.write_bytes(place.read_bytes() + sign(text, SigningKey.generate("witness")).split(b"\n\n")[1])
    resign(spoilt, signing)

    assert reasons(spoilt, key) == [("log/checkpoint", "signature-surplus")]


# --- an older checkpoint ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, SIZE])
def test_a_checkpoint_kept_earlier_is_continued(
    made: tuple[Home, Path, dict[int, bytes]], key: Path, tmp_path: Path, size: int
) -> None:
    (tmp_path / "kept").write_bytes(made[2][size])

    code, said = verify(made[1] / "export", key, "--since", str(tmp_path / "kept"))

    assert code == VERIFIED, said
    assert f"continues the checkpoint of {size} events without a change" in said


def test_a_checkpoint_with_cosignatures_of_witnesses_may_be_kept(
    made: tuple[Home, Path, dict[int, bytes]], key: Path, tmp_path: Path
) -> None:
    note = made[2][256]
    text = note.decode().partition("\n\n")[0] + "\n"
    (tmp_path / "kept").write_bytes(note + sign(text, SigningKey.generate("witness")).split(b"\n\n")[1])

    assert verify(made[1] / "export", key, "--since", str(tmp_path / "kept"))[0] == VERIFIED


def kept(tmp_path: Path, note: bytes) -> str:
    (tmp_path / "kept").write_bytes(note)
    return str(tmp_path / "kept")


def test_a_log_that_was_cut_is_refused_by_a_newer_checkpoint(
    made: tuple[Home, Path, dict[int, bytes]], key: Path, tmp_path: Path, signing: SigningKey
) -> None:
    since = kept(tmp_path, signed(Checkpoint(NAME, SIZE + 1, bytes(32)), signing))

    assert reasons(made[1] / "export", key, "--since", since) == [(since, "since-larger")]


@pytest.mark.parametrize("size", [0, 1, 100, 256, SIZE])
def test_a_log_that_was_rewritten_is_refused_by_an_older_checkpoint(
    made: tuple[Home, Path, dict[int, bytes]], key: Path, tmp_path: Path, signing: SigningKey, size: int
) -> None:
    since = kept(tmp_path, signed(Checkpoint(NAME, size, bytes(32)), signing))

    assert reasons(made[1] / "export", key, "--since", since) == [(since, "forked")]


def test_a_fork_that_starts_from_nothing_is_refused_by_the_same_key(
    made: tuple[Home, Path, dict[int, bytes]], key: Path, tmp_path: Path
) -> None:
    home, _, notes = made
    AuditLog.create(tmp_path / "fork.db", home.key_path, NAME)
    with AuditLog.open(tmp_path / "fork.db", home.key_path, clock=Clock()) as log:
        fill(log, SIZE)
        export(log, tmp_path / "fork", Selection())

    assert verify(tmp_path / "fork", key)[0] == VERIFIED  # nothing but an older checkpoint tells them apart
    assert reasons(tmp_path / "fork", key, "--since", kept(tmp_path, notes[256])) == [
        (str(tmp_path / "kept"), "forked")
    ]


@pytest.mark.parametrize("case", ["other key", "other origin", "rubbish", "empty", "bit"])
def test_a_checkpoint_that_is_not_this_logs_is_refused(
    made: tuple[Home, Path, dict[int, bytes]], key: Path, tmp_path: Path, signing: SigningKey, case: str
) -> None:
    note = {
        "other key": signed(Checkpoint(NAME, 0, EMPTY_ROOT), SigningKey.generate(NAME)),
        "other origin": signed(Checkpoint("other/log", 0, EMPTY_ROOT), signing),
        "rubbish": b"rubbish",
        "empty": b"",
        "bit": made[2][1].replace(b"\n1\n", b"\n0\n"),
    }[case]
    since = kept(tmp_path, note)

    (problem,) = reasons(made[1] / "export", key, "--since", since)
    assert problem[0] == since
    assert problem[1] in {"signature-foreign", "origin-differs", "note-malformed", "signature-invalid"}


# --- the command -----------------------------------------------------------------------------------------------------


def test_a_verified_export_is_said_in_one_sentence_in_either_language(
    made: tuple[Home, Path, dict[int, bytes]], key: Path
) -> None:
    for language, words in (("en", "Verified: "), ("ja", "検証しました: ")):
        code, said = verify(made[1] / "export", key, "--lang", language)

        assert (code, len(said.splitlines())) == (VERIFIED, 1)
        assert said.startswith(words)
        assert NAME in said


def test_a_selection_says_of_what_it_is_one(made: tuple[Home, Path, dict[int, bytes]], key: Path) -> None:
    code, said = verify(made[1] / "person", key)
    result = json.loads(verify(made[1] / "person", key, "--json")[1])

    assert code == VERIFIED
    assert said.startswith("Verified, as a SELECTION (person p1): ")
    assert "Exported at 2026-11-24T" in said
    assert "【選択】です: person p1" in verify(made[1] / "person", key, "--lang", "ja")[1]
    assert (result["complete"], result["selection"]) == (False, {"person": "p1", "from": None, "to": None})


def test_a_selection_is_refused_where_all_was_required(made: tuple[Home, Path, dict[int, bytes]], key: Path) -> None:
    assert reasons(made[1] / "person", key, "--require-complete") == [("manifest.json", "selected")]
    assert "shows a selection (person p1)" in verify(made[1] / "person", key, "--require-complete")[1]
    assert verify(made[1] / "export", key, "--require-complete")[0] == VERIFIED


def test_a_key_that_came_with_the_export_is_warned_of(
    made: tuple[Home, Path, dict[int, bytes]], key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inside = made[1] / "export" / "log.vkey"

    assert verify(made[1] / "export", inside)[0] == VERIFIED
    assert f"the key {inside} lies inside the export" in capsys.readouterr().err
    assert len(json.loads(verify(made[1] / "export", inside, "--json")[1])["warnings"]) == 1
    verify(made[1] / "export", key)
    assert capsys.readouterr().err == ""


def test_a_refusal_names_the_file_and_the_reason_in_either_language(spoilt: Path, key: Path) -> None:
    (spoilt / "events.csv").unlink()

    assert verify(spoilt, key)[1].startswith("events.csv is refused: the file is missing. ")
    assert verify(spoilt, key, "--lang", "ja")[1].startswith("events.csv は受け入れられません: ファイルがありません。")


def test_a_name_in_the_export_cannot_draw_on_the_terminal(spoilt: Path, key: Path) -> None:
    (spoilt / "\x1b[2J\u202e").touch()

    assert verify(spoilt, key)[1].startswith("⟨U+001B⟩[2J⟨U+202E⟩ is refused")


def test_the_result_as_json_is_for_machines(made: tuple[Home, Path, dict[int, bytes]], key: Path) -> None:
    code, said = verify(made[1] / "export", key, "--json")
    result = json.loads(said)

    assert code == VERIFIED
    assert result == {
        "export": str(made[1] / "export"),
        "verified": True,
        "origin": NAME,
        "size": SIZE,
        "root": Manifest.decode((made[1] / "export/manifest.json").read_bytes()).root,
        "created": Manifest.decode((made[1] / "export/manifest.json").read_bytes()).created,
        "complete": True,
        "selection": {"person": None, "from": None, "to": None},
        "events": SIZE,
        "missing": 0,
        "since": None,
        "warnings": [],
        "problems": [],
    }


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--key", "KEY", "/nowhere/export"], "/nowhere/export cannot be read: Not a directory"),
        (["--key", "/nowhere/key", "EXPORT"], "/nowhere/key cannot be read: No such file"),
        (["--key", "EXPORT", "EXPORT"], "cannot be read: Is a directory"),
        (["--key", "KEY", "--since", "/nowhere/since", "EXPORT"], "/nowhere/since cannot be read: No such file"),
        (["--key", "EXPORT/events.jsonl", "EXPORT"], "events.jsonl holds no usable audit key"),
        (["--key", "EXPORT/log/tile/0/000", "EXPORT"], "log/tile/0/000 holds no usable audit key: it is not text"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named_with_exit_code_2(
    made: tuple[Home, Path, dict[int, bytes]],
    key: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    what: str,
) -> None:
    places = {"EXPORT": str(made[1] / "export"), "KEY": str(key)}
    given = [word.replace("EXPORT", places["EXPORT"]) if word != "KEY" else places["KEY"] for word in arguments]

    assert main(given) == USAGE
    assert what in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["export"], ["--key", "k"], ["--ke", "k", "e"], ["--key", "k", "e", "--no"]])
def test_a_command_that_is_not_one_ends_with_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage: appliance-verify" in capsys.readouterr().err


def test_a_key_may_come_from_a_process_substitution_and_end_in_a_line(
    made: tuple[Home, Path, dict[int, bytes]], key: Path
) -> None:
    for given in (key.read_text(), key.read_text() + "\n", key.read_text() + "\r\n"):
        reading, writing = os.pipe()
        os.write(writing, given.encode())
        os.close(writing)

        code, said = verify(made[1] / "export", f"/dev/fd/{reading}")

        os.close(reading)
        assert code == VERIFIED, said


def test_a_malformed_key_of_a_stranger_is_not_a_verification(
    made: tuple[Home, Path, dict[int, bytes]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").write_text("other+00000000+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")

    assert verify(made[1] / "export", tmp_path / "other")[0] == USAGE
    assert "other holds no usable audit key" in capsys.readouterr().err


def test_a_well_formed_key_of_a_stranger_is_refused(made: tuple[Home, Path, dict[int, bytes]], tmp_path: Path) -> None:
    keys.generate(tmp_path / "k", NAME)
    (tmp_path / "other").write_text(keys.load(tmp_path / "k").verifier.encode())

    assert reasons(made[1] / "export", tmp_path / "other") == [("manifest.sig", "signature-foreign")]


ALONE = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in {"appliance", "cryptography", "_cffi_backend"}:
            raise ImportError(f"the verifier needs {name}")
sys.meta_path.insert(0, Refuse())
from appliance.audit.verify import main
code = main(sys.argv[1:])
ours = sorted(name for name in sys.modules if name.startswith("appliance"))
print(code, *ours)
"""


def test_the_verifier_needs_only_the_standard_library_and_cryptography(
    made: tuple[Home, Path, dict[int, bytes]], key: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALONE, "--key", key, made[1] / "export"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    code, *ours = done.stdout.splitlines()[-1].split()
    assert code == "0"
    assert {name for name in ours if not name.startswith("appliance.errors.")} == {
        "appliance",
        "appliance.actions",
        "appliance.fields",
        "appliance.words",
        "appliance.audit",
        "appliance.errors",
        "appliance.models",
        "appliance.silence",
        "appliance.visible",
        *(
            f"appliance.audit.{name}"
            for name in (
                "canonical",
                "checkpoint",
                "examine",
                "leaf",
                "manifest",
                "merkle",
                "note",
                "records",
                "refusal",
                "texts",
                "tiles",
                "verify",
            )
        ),
    }


def test_the_one_file_verifier_needs_python_and_cryptography_alone(
    made: tuple[Home, Path, dict[int, bytes]], key: Path, tmp_path: Path
) -> None:
    builder = Path(__file__).parents[3] / "infra" / "setup" / "verifier.py"
    files = [tmp_path / "one" / "verify.pyz", tmp_path / "two.pyz"]
    for file in files:
        subprocess.run([sys.executable, builder, file], check=True, capture_output=True)
    assert files[0].read_bytes() == files[1].read_bytes()
    alone = ALONE.partition("from appliance")[0].replace('{"appliance", ', '{"appliance", "__main__", ')
    script = f"{alone}import runpy\nsys.argv = sys.argv[1:]\nrunpy.run_path(sys.argv[0], run_name='__main__')\n"

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-c", script, files[0], *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    assert run("--key", key, made[1] / "export").returncode == VERIFIED
    assert run("--key", key, "--require-complete", made[1] / "person").returncode == REFUSED


def test_the_installed_command_verifies(made: tuple[Home, Path, dict[int, bytes]], key: Path) -> None:
    command = Path(sys.executable).with_name("appliance-verify")

    done = subprocess.run([command, "--key", key, made[1] / "export"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Verified: ")


def test_events_that_are_added_later_do_not_disturb_an_older_export(
    made: tuple[Home, Path, dict[int, bytes]], key: Path, tmp_path: Path
) -> None:
    home, room, _ = made
    with home.open(Clock(START)) as log:
        log.commit(event(1000))
        export(log, tmp_path / "later", Selection())

    assert verify(room / "export", key)[0] == VERIFIED
    since = str(room / "export" / "log" / "checkpoint")
    assert verify(tmp_path / "later", key, "--since", since)[0] == VERIFIED
    newer = str(tmp_path / "later" / "log" / "checkpoint")
    assert reasons(room / "export", key, "--since", newer) == [(newer, "since-larger")]
