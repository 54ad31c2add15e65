"""An installation starts whole or says why not: modes, people, ports and locks."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from appliance.auth.people import People
from appliance.errors import (
    AddressUnusable,
    AuditKeyInvalid,
    AuditUnavailable,
    FileNotToml,
    FolderOpenToOthers,
    IndexLocked,
    PeopleInvalid,
    PersonUnknown,
    PortTaken,
    SettingInvalid,
    SettingsRefused,
)
from appliance.examples import read_examples
from appliance.private import listening, ownership, socket_path
from appliance.serve import public_server, serving
from appliance.settings import load
from tests.unit.api.world import PEOPLE, make_home, services_at


async def nothing(*_: object) -> None:
    """An application that is never called."""


def test_a_key_that_others_may_read_stops_the_start(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    (home / "keys" / "audit.key").chmod(0o640)

    with pytest.raises(FolderOpenToOthers, match=r"audit\.key"), services_at(home):
        pass


def test_a_log_that_is_gone_stops_the_start(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    (home / "data" / "audit.db").unlink()

    with pytest.raises(AuditUnavailable, match="no such file"), services_at(home):
        pass


def test_a_key_that_is_gone_stops_the_start(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    (home / "keys" / "audit.key").unlink()

    with pytest.raises(AuditKeyInvalid, match=r"audit\.key"), services_at(home):
        pass


ENTRY = '[[person]]\nid = "a"\nname = "a"\nname_en = "a"\nclearance = "public"\n'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('[[person]]\nname = "a"\nname_en = "a"\nclearance = "public"\n', r"\[\[person\]\] #1: id is missing"),
        ('[[person]]\nid = "a"\nname = "a"\nname_en = "a"\n', r"\[\[person\]\] a: clearance is missing"),
        (
            ENTRY.replace("public", "cosmic"),
            r"a: clearance cannot be 'cosmic'; use one of public, internal, restricted, confidential\.",
        ),
        (ENTRY + 'roles = ["god"]\n', "a: roles cannot be 'god'; use one of reader, auditor, administrator"),
        (ENTRY + 'groups = "g"\n', "a: groups cannot be 'g'; it is not a list"),
        (ENTRY + "compartments = [1]\n", "a: compartments cannot be 1; it needs a text"),
        (ENTRY + 'compartmens = ["x"]\n', "a: compartmens is no key here; did you mean compartments"),
        (ENTRY + 'rolse = ["reader"]\n', "a: rolse is no key here; did you mean roles"),
        (ENTRY + "shoe_size = 43\n", "a: shoe_size is no key here; there are id, name"),
        (ENTRY.replace('id = "a"', 'id = ""'), r"#1: id cannot be ''; it needs a text of 1"),
        (ENTRY + 'groups = ["g"]\n', "do not exist: g"),
        ('[[group]]\nid = "g"\nname = "g"\nname_en = "g"\n' * 2, "group cannot be g: it stands there twice"),
        ("[[persons]]\n", "persons is no key here; did you mean person"),
        ("person = 5\n", "people.toml: person cannot be 5; it is not a list"),
        ("group = [1]\n", r"\[\[group\]\] #1: group cannot be 1; write \[\[group\]\] tables"),
        ("a = 1\n[[", r"people\.toml, line 2 is not TOML"),
    ],
)
def test_a_directory_that_contradicts_itself_is_refused(tmp_path: Path, content: str, why: str) -> None:
    file = tmp_path / "people.toml"
    file.write_text(content, encoding="utf-8")

    with pytest.raises((PeopleInvalid, SettingInvalid, FileNotToml), match=why) as refused:
        People(file)

    for language in ("ja", "en"):
        assert "\n" not in refused.value.text(language), "one sentence"
        assert "Error" not in refused.value.text(language)


def test_every_fault_of_a_directory_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "people.toml").write_text(ENTRY.replace('name = "a"\n', "") + "x = 1\n", encoding="utf-8")

    with pytest.raises(SettingsRefused, match="name is missing") as refused:
        People(tmp_path / "people.toml")

    assert len(refused.value.text("ja").splitlines()) == 2


def test_a_directory_in_another_encoding_is_refused_without_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "people.toml").write_bytes("# 利用者\n".encode("cp932"))

    with pytest.raises(FileNotToml, match=r"line 1 is not TOML \(byte 3 is not UTF-8\)"):
        People(tmp_path / "people.toml")


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match=r"people\.toml: No such file or directory"):
        People(tmp_path / "people.toml")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, r"nope\.toml: No such file or directory"),
        ("", r"it has no \[\[example\]\]"),
        ("example = 1\n", r"it has no \[\[example\]\]"),
        ('[[example]]\nja = "問"\nen = "q"\n[[example]]\nja = "問"\n', r"\[\[example\]\] #2 needs a question"),
        ("[[", r"nope\.toml, line 1 is not TOML"),
    ],
)
def test_examples_that_cannot_be_offered_are_refused(tmp_path: Path, content: str | None, why: str) -> None:
    if content is not None:
        (tmp_path / "nope.toml").write_text(content, encoding="utf-8")

    with pytest.raises((SettingInvalid, FileNotToml), match=why):
        read_examples(tmp_path / "nope.toml")


def test_two_people_of_one_id_are_refused(tmp_path: Path) -> None:
    """The later one would quietly take the earlier one's rights."""
    person = '[[person]]\nid = "a"\nname = "a"\nname_en = "a"\nclearance = "public"\n'
    (tmp_path / "people.toml").write_text(person * 2, encoding="utf-8")

    with pytest.raises(SettingInvalid, match="twice"):
        People(tmp_path / "people.toml")


def test_the_directory_knows_names_in_both_languages() -> None:
    people = People(PEOPLE)

    assert people.person("yamada").called("ja") == "山田 花子"
    assert people.name_of("yamada", "en") == "Hanako Yamada"
    assert people.name_of("gone", "en") == "gone"
    assert people.group_names(frozenset({"g-hr", "g-staff"}), "en") == ["All staff", "Human Resources"]
    with pytest.raises(PersonUnknown, match="Nobody is called mallory"):
        people.person("mallory")


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        settings = load({"APPLIANCE_HOME": str(make_home(tmp_path / "home")), "APPLIANCE_PORT": str(port)})

        with pytest.raises(PortTaken, match=f"Port {port} on 127.0.0.1"), public_server(nothing, settings):
            pass


def test_an_address_of_another_machine_is_said(tmp_path: Path) -> None:
    settings = load({"APPLIANCE_HOME": str(make_home(tmp_path / "home"))}).model_copy(update={"host": "192.0.2.1"})

    with pytest.raises(AddressUnusable, match=r"192\.0\.2\.1 cannot be listened on"), public_server(nothing, settings):
        pass


def test_one_process_serves_an_installation(tmp_path: Path) -> None:
    settings = load({"APPLIANCE_HOME": str(make_home(tmp_path / "home"))})

    with ownership(settings.home) as ours:
        assert ours
        with ownership(settings.home) as again:
            assert not again
        with pytest.raises(IndexLocked, match="in use by another process"), serving(settings, lambda _: nothing):
            pass
    with ownership(settings.home) as after:
        assert after


def test_the_private_socket_is_its_owners_alone(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 120)  # longer than a socket's path may be
    deep.mkdir(mode=0o700)

    with listening(deep):
        assert (deep / "run" / "api.sock").stat().st_mode & 0o777 == 0o600
        assert (deep / "run").stat().st_mode & 0o777 == 0o700
        with socket_path(deep) as path, socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
    assert not (deep / "run" / "api.sock").exists()


def test_a_socket_that_a_killed_process_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "run" / "api.sock"))

    with listening(tmp_path), socket_path(tmp_path) as path, socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
