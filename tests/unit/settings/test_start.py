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
    FolderOpenToOthers,
    IndexLocked,
    PersonUnknown,
    PortTaken,
    SettingInvalid,
)
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


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("[[person]]\n", "id"),
        ('[[person]]\nid = "a"\nname = "a"\nname_en = "a"\nclearance = "cosmic"\n', "COSMIC"),
        ('[[person]]\nid = "a"\nname = "a"\nname_en = "a"\nclearance = "public"\nroles = ["god"]\n', "god"),
        ('[[person]]\nid = "a"\nname = "a"\nname_en = "a"\nclearance = "public"\ngroups = "g"\n', "not a list"),
        ('[[person]]\nid = "a"\nname = "a"\nname_en = "a"\nclearance = "public"\ngroups = ["g"]\n', "do not exist: g"),
        ("person = 5\n", "people"),
        ("group = [1]\n", "people"),
        ("[[", "people"),
    ],
)
def test_a_directory_that_contradicts_itself_is_refused(tmp_path: Path, content: str, why: str) -> None:
    file = tmp_path / "people.toml"
    file.write_text(content, encoding="utf-8")

    with pytest.raises(SettingInvalid, match=why):
        People(file)


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
