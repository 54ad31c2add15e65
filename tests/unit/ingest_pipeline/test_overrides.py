"""An override that matches no file: where it was mistyped, what it should restrict would be open to everybody."""

from __future__ import annotations

import json

import pytest

from ingest.discover import survey
from ingest.manifest import parse_manifest
from ingest.overrides import unmatched_overrides
from tests.unit.ingest_manifest.test_manifest import GROUPS
from tests.unit.ingest_pipeline.conftest import MANIFEST, Bench

UNMATCHED = 13


def override(path: str, more: str = "") -> str:
    return f'[[override]]\npath = "{path}"\nclassification = "confidential"\ngroups = ["人事部"]\n{more}'


@pytest.fixture
def secret(bench: Bench) -> Bench:
    """A folder with a secret, and an override whose path is mistyped."""
    bench.write("secret/報酬.txt", "役員報酬の内規です。\n")
    bench.write("規則.txt", "在宅勤務の規則です。\n")
    bench.write("collection.toml", MANIFEST + override("Secret/**"))
    return bench


def test_a_mistyped_override_stops_the_sync_before_anything_is_stored(secret: Bench) -> None:
    ended = secret.sync("--yes")
    assert (ended.code, json.loads(ended.out)["stopped"]["code"]) == (UNMATCHED, "override-unmatched")
    assert "path = Secret/** matches no file" in ended.err
    assert "near it: secret/**" in ended.err
    assert "Nothing was taken in" in ended.err
    assert secret.truth().registered == {}


@pytest.mark.parametrize("path", ["規則.txt", "secret/報酬.txt", "."])
def test_and_stops_adding_one_file(secret: Bench, path: str) -> None:
    ended = secret.ingest("add", str(secret.root / path), "--collection", "c", "--json")
    assert (ended.code, json.loads(ended.out)["stopped"]["code"]) == (UNMATCHED, "override-unmatched")
    assert "Secret/**" in ended.err
    assert secret.truth().registered == {}


def test_check_names_it_and_still_says_what_would_become_of_each_file(secret: Bench) -> None:
    ended = secret.ingest("check", str(secret.root), "--collection", "c", "--json")
    assert ended.code == UNMATCHED
    assert ended.states == {"collection.toml": "failed", "secret/報酬.txt": "would-store", "規則.txt": "would-store"}
    assert ended.rows["collection.toml"]["code"] == "override-unmatched"
    assert "Secret/**" in ended.rows["collection.toml"]["reason"]


def test_in_japanese_it_says_what_could_become_open(secret: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPLIANCE_LANGUAGE", "ja")
    err = secret.sync().err
    assert "path = Secret/** に一致するファイルがありません" in err
    assert "近い名前: secret/**" in err
    assert "何も取り込んでいません" in err


def test_nothing_is_removed_either(secret: Bench) -> None:
    secret.write("collection.toml", MANIFEST + override("secret/**"))
    assert secret.sync().code == 0
    (secret.root / "規則.txt").unlink()
    secret.write("collection.toml", MANIFEST + override("secret/*.pdf"))
    before = secret.truth()
    assert secret.sync("--yes").code == UNMATCHED
    assert secret.truth() == before


def test_one_that_says_it_is_optional_may_match_nothing(secret: Bench) -> None:
    secret.write("collection.toml", MANIFEST + override("secret/**") + override("later/**", "optional = true\n"))
    ended = secret.sync()
    assert ended.code == 0
    assert set(ended.states.values()) == {"stored"}


def test_adding_one_file_asks_for_no_match_of_overrides_that_mean_others(secret: Bench) -> None:
    secret.write("collection.toml", MANIFEST + override("secret/**"))
    ended = secret.ingest("add", str(secret.root / "規則.txt"), "--collection", "c", "--json")
    assert (ended.code, ended.states) == (0, {"規則.txt": "stored"})


def near(bench: Bench, pattern: str) -> list[str]:
    manifest = parse_manifest(
        MANIFEST + f'[[override]]\npath = "{pattern}"\nlanguage = "en"\n', where="m", groups=GROUPS
    )
    return [fault.values["near"] for fault in unmatched_overrides(manifest, survey(bench.root, largest=1 << 20))]


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("secret", "secret/**"),
        ("sercet/*", "secret/**"),
        ("Secret/報酬.txt", "secret/報酬.txt"),
        ("secret/*.pdf", "secret/**"),
        ("規 則.txt", "規則.txt"),
        ("**/*.pptx", "-"),
        ("全く別の名前/**", "-"),
    ],
)
def test_the_hint_is_what_would_match(secret: Bench, pattern: str, hint: str) -> None:
    assert near(secret, pattern) == [hint]


def test_a_file_that_is_there_but_refused_is_matched(secret: Bench) -> None:
    with (secret.root / "大きい.pdf").open("wb") as file:
        file.truncate(200_000_001)
    assert near(secret, "大きい.pdf") == []


def test_a_link_to_the_folder_is_no_match_because_its_files_are_taken_in_elsewhere(secret: Bench) -> None:
    (secret.root / "Secret").symlink_to(secret.root / "secret", target_is_directory=True)
    assert near(secret, "Secret/**") == ["secret/**"]
    assert near(secret, "Secret") == ["secret/**"]


def test_a_folder_that_cannot_be_listed_may_hold_the_match(secret: Bench) -> None:
    deep = secret.root / "/".join(["d"] * 66)
    deep.mkdir(parents=True)
    assert near(secret, "/".join(["d"] * 66) + "/**") == []
