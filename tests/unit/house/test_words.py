"""What is written: every error in both languages, no registry or machine in a committed file, every import declared."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import pkgutil
import re
import string
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import appliance
import ingest
from appliance.api.problems import STATUS
from appliance.errors import (
    REGISTERED,
    ApplianceError,
    BadInput,
    Conflict,
    Denied,
    NotThere,
    SettingsRefused,
    SettingUnknown,
    Unavailable,
)

ROOT = Path(__file__).parents[3]
FAMILIES = (BadInput, Denied, NotThere, Conflict, Unavailable)
KANA = re.compile(r"[\u3040-\u30ff]")

# With a class of one letter in each, so that this file does not contain what it looks for.
FOREIGN = re.compile(
    r"py[p]i\.org|python[h]osted\.org|npm[j]s\.(org|com)|index\.[c]rates|deb\.[d]ebian\.org|repo1?\.[m]aven|proxy\.[g]olang"
    r"|/wor[k]/(main|steering|shared|wt|\.)|/roo[t]/\.|/hom[e]/[a-z]",
    re.IGNORECASE,
)


def all_errors() -> list[type[ApplianceError]]:
    """Every concrete error of the product, wherever it is defined."""
    for package in (appliance, ingest):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith("errors"):
                importlib.import_module(module.name)
    return [REGISTERED[code] for code in sorted(REGISTERED)]


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


# They carry the sentences of others.
CARRIERS = {"api-problem", "settings-refused", "manifest-invalid"}


def same(names: set[str]) -> set[str]:
    """The names without their language: a value that is itself words comes as a pair, `why_en` and `why_ja`."""
    return {name.removesuffix("_en").removesuffix("_ja") for name in names}


@pytest.mark.parametrize("error", [e for e in all_errors() if e.code not in CARRIERS], ids=lambda error: error.code)
class TestEveryError:
    def test_belongs_to_exactly_one_family(self, error: type[ApplianceError]) -> None:
        assert sum(issubclass(error, family) for family in FAMILIES) == 1

    def test_says_the_same_values_in_both_languages(self, error: type[ApplianceError]) -> None:
        assert same(fields(error.en)) == same(fields(error.ja))

    def test_is_a_japanese_and_an_english_sentence(self, error: type[ApplianceError]) -> None:
        assert KANA.search(error.ja)
        assert "。" in error.ja  # an example may follow
        assert error.en.isascii()
        assert error.en[0].isupper() or error.en[0] == "{"

    def test_has_a_code_of_words_and_hyphens(self, error: type[ApplianceError]) -> None:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", error.code)

    def test_fills_its_fields(self, error: type[ApplianceError]) -> None:
        made = error(**dict.fromkeys(fields(error.en) | fields(error.ja), "\u202evalue"))
        for language in ("en", "ja"):
            assert "{" not in made.text(language)
            assert "\u202e" not in made.text(language)


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.code)
def test_every_error_has_a_status(error: type[ApplianceError]) -> None:
    assert any(step in STATUS for step in error.__mro__) or error.code == "api-problem"


def test_several_faults_of_the_settings_are_said_line_by_line() -> None:
    faults = [SettingUnknown(where="f", key="a"), SettingUnknown(where="f", key="b")]

    text = SettingsRefused(list(faults)).text("en")

    assert [line.split("no setting ")[1][0] for line in text.splitlines()] == ["a", "b"]


def test_two_errors_cannot_share_a_code() -> None:
    taken = next(iter(REGISTERED))
    with pytest.raises(TypeError, match=f"two errors share the code {taken}"):
        type("Copy", (BadInput,), {"code": taken})


def tracked() -> list[Path]:
    """The files that git would commit; the whole tree where this is not a clone."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        return [path for name in listed.stdout.decode().split("\0")[:-1] if (path := ROOT / name).is_file()]
    made = {".venv", "var", "build", "__pycache__"}
    return [path for path in ROOT.rglob("*") if path.is_file() and not made & set(path.relative_to(ROOT).parts)]


def foreign_words(path: Path) -> list[str]:
    return [found.group() for found in FOREIGN.finditer(path.read_bytes().decode("utf-8", "ignore"))]


def test_no_file_names_a_registry_or_a_machine() -> None:
    assets = ROOT / "tests" / "assets"
    found = {str(path.relative_to(ROOT)): words for path in tracked() if (words := foreign_words(path))}
    assert {name: words for name, words in found.items() if not (ROOT / name).is_relative_to(assets)} == {}


@pytest.mark.parametrize("word", ["//py|pi.org/simple", "files.python|hosted.org", "/wo|rk/main/x", "/ro|ot/.cache"])
def test_the_name_of_a_registry_or_machine_is_seen(tmp_path: Path, word: str) -> None:
    (tmp_path / "file").write_text(f"see {word.replace('|', '')} there")
    assert len(foreign_words(tmp_path / "file")) == 1


def test_locks_have_hashes_and_no_addresses() -> None:
    for lock in (ROOT / "infra" / "locks").glob("*.txt"):
        text = lock.read_text("utf-8")
        assert "://" not in text, lock
        assert not re.search(r"(?m)^-", text), lock
        for entry in re.split(r"\n(?=\S)", text.strip()):
            assert re.match(r"[a-z0-9][a-z0-9._-]*==\S+", entry), entry.splitlines()[0]
            assert "--hash=sha256:" in entry, entry.splitlines()[0]


def pins(name: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    lock = (ROOT / "infra" / "locks" / f"{name}.txt").read_text("utf-8")
    for package, version in re.findall(r"(?m)^(\S+?)==(\S+)", lock):
        found.setdefault(package, set()).add(version)
    return found


def test_each_wider_lock_holds_the_narrower_one() -> None:
    base, test, check = pins("base"), pins("test"), pins("check")
    assert base.items() <= test.items()
    assert test.items() <= check.items()


def imported_by(folder: Path) -> set[str]:
    """Top-level names of others that the modules of a folder import."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"appliance", "ingest", "ui", "infra", "tests", "ansible"}


def declared(*groups: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lines = [*project["project"]["dependencies"]]
    for group in groups:
        lines += project["dependency-groups"][group]
    return {canonicalize_name(Requirement(line).name) for line in lines}


@pytest.mark.parametrize(
    ("folder", "groups"),
    [
        ("appliance", ()),
        ("ingest", ()),
        ("ui", ()),
        ("infra/demo", ()),
        ("tests", ("test",)),
        ("infra/checks", ("test",)),
    ],
)
def test_what_is_imported_is_declared(folder: str, groups: tuple[str, ...]) -> None:
    owners = importlib.metadata.packages_distributions()
    have = declared(*groups)
    missing = {
        name
        for name in imported_by(ROOT / folder)
        if not {canonicalize_name(owner) for owner in owners.get(name, [])} & have
    }
    assert missing == set()
