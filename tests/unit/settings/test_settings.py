"""Settings: which one counts, what is refused, and that no secret is ever echoed."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import (
    DemoIdentityNotLocal,
    FolderOpenToOthers,
    HomeMissing,
    HomeOfAnother,
    HomeUnusable,
    SettingInvalid,
    SettingsRefused,
)
from appliance.settings import Settings, home_folder, load, shell_language, user_name

SECRET = "sk-d41d8cd98f00b204"


def home(folder: Path, content: str = "") -> Path:
    made = folder / "home"
    made.mkdir(mode=0o700)
    (made / "settings.toml").write_text(content, encoding="utf-8")
    return made


def loaded(folder: Path, content: str = "", **environ: str) -> Settings:
    return load({"APPLIANCE_HOME": str(home(folder, content)), **environ})


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "port = 9000\npassages = 4\n", APPLIANCE_PORT="9100")

    assert (settings.port, settings.passages, settings.session_minutes) == (9100, 4, 60)


def test_every_fault_is_said_at_once_with_its_place_and_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="no setting colour") as refused:
        loaded(
            tmp_path,
            'colour = "red"\nport = "many"\nlanguage = "fr"\n',
            APPLIANCE_PASSAGES="0",
            APPLIANCE_PASSWORD="x",
        )

    for language in ("en", "ja"):
        lines = refused.value.text(language).splitlines()
        assert len(lines) == 5
        for key in ("colour", "password", "port", "language", "passages"):
            assert any(key in line for line in lines), key
        assert any("settings.toml" in line for line in lines)
        assert any("APPLIANCE_PASSAGES" in line for line in lines)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("port", "0"),
        ("port", "65536"),
        ("port", "true"),
        ("port", "8765.5"),
        ("port", '""'),
        ("port", "[8765]"),
        ("host", "1"),
        ("host", "true"),
        ("people", "[]"),
        ("identity", '"none"'),
        ("session_minutes", "0"),
        ("session_hours", "10000"),
        ("question_characters", "-1"),
        ("public_url", '"https://Portal.example"'),
        ("public_url", '"https://portal.example/"'),
        ("public_url", '"https://portal.example/path"'),
        ("public_url", '"https://user:pw@portal.example"'),
        ("public_url", '"https://portal.example:443"'),
        ("public_url", '"http://portal.example:80"'),
        ("public_url", '"portal.example"'),
        ("public_url", '"javascript:alert(1)"'),
        ("public_url", '"https://portal.example\\n"'),
        ("qdrant_url", f'"http://root:{SECRET}@127.0.0.1:6333"'),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_key(tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(SettingsRefused, match=key) as refused:
        loaded(tmp_path, f"{key} = {value}\n")

    assert len(refused.value.faults) == 1
    assert SECRET not in refused.value.text("en") + refused.value.text("ja")


def test_a_home_is_no_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="no setting home"):
        loaded(tmp_path, 'home = "/tmp"\n')


@pytest.mark.parametrize("content", ["port = ", "[[", "port = 1\nport = 2\n", 'api_key = "' + SECRET])
def test_a_file_that_is_no_toml_is_refused_without_its_content(tmp_path: Path, content: str) -> None:
    with pytest.raises(SettingsRefused, match=r"settings\.toml, line [12] is not TOML") as refused:
        loaded(tmp_path, content)

    assert SECRET not in str(refused.value)


def test_the_line_of_a_fault_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match=r"line 3 is not TOML \(Cannot overwrite a value\)"):
        loaded(tmp_path, "port = 1\n\nport = 2\npassages = 3\n")


def test_a_qdrant_without_an_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match=r'qdrant_url cannot be "": index = qdrant needs the server'):
        loaded(tmp_path, 'index = "qdrant"\n')


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    made = home(tmp_path)
    (made / "settings.toml").write_bytes("\n# 設定\n".encode("cp932"))

    with pytest.raises(SettingsRefused, match=r"line 2 is not TOML \(byte 4 is not UTF-8"):
        load({"APPLIANCE_HOME": str(made)})


def test_without_an_installation_the_remedy_is_named(tmp_path: Path) -> None:
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(HomeMissing, match="appliance init"):
            load({"APPLIANCE_HOME": str(folder)})


def test_a_home_that_is_a_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(HomeMissing, match="There is no appliance at"):
        load({"APPLIANCE_HOME": str(tmp_path / "file")})


@pytest.mark.parametrize("mode", [0o701, 0o710, 0o740, 0o750, 0o755, 0o777])
def test_a_home_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    made = home(tmp_path)
    made.chmod(mode)

    with pytest.raises(FolderOpenToOthers, match=f"mode 0{mode:o}.*chmod 0700"):
        load({"APPLIANCE_HOME": str(made)})


def test_the_home_of_somebody_else_is_refused_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also to root, whose files its owner could not use afterwards."""
    made = home(tmp_path, "no settings at all")
    monkeypatch.setattr("os.geteuid", lambda: made.stat().st_uid + 1)

    with pytest.raises(HomeOfAnother, match=r"Run it as the owner: sudo -u \S+ env APPLIANCE_HOME=/") as refused:
        load({"APPLIANCE_HOME": str(made)})

    assert user_name(made.stat().st_uid) in refused.value.text("ja")


def test_a_user_without_a_name_is_called_by_number() -> None:
    assert user_name(4_000_000) == "#4000000"


def test_a_settings_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    made = home(tmp_path)
    (made / "settings.toml").unlink()
    (made / "settings.toml").symlink_to(made / "settings.toml")

    with pytest.raises((HomeMissing, HomeUnusable), match=r"settings\.toml|There is no appliance"):
        load({"APPLIANCE_HOME": str(made)})


# --- where it is served ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.0.2.1", "localhost", "portal.example", "127.1", "0", "", "::ffff:127.0.0.1"]
)
def test_the_demo_is_not_served_where_others_reach_it(tmp_path: Path, host: str) -> None:
    with pytest.raises(DemoIdentityNotLocal, match="loopback") as refused:
        loaded(tmp_path, APPLIANCE_HOST=host)

    assert "127.0.0.1" in refused.value.text("ja")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
def test_the_demo_is_served_on_loopback_addresses(tmp_path: Path, host: str) -> None:
    assert loaded(tmp_path, APPLIANCE_HOST=host).host == host


@pytest.mark.parametrize("url", ["https://portal.example", "http://192.0.2.1:8765", "https://[2001:db8::1]"])
def test_the_demo_is_not_published_under_another_name(tmp_path: Path, url: str) -> None:
    """A proxy before the loopback address would hand the sign-in without a password to everybody."""
    with pytest.raises(DemoIdentityNotLocal, match="loopback"):
        loaded(tmp_path, f'public_url = "{url}"\n')


@pytest.mark.parametrize(
    ("content", "origin"),
    [
        ("", "http://127.0.0.1:8765"),
        ("port = 80", "http://127.0.0.1"),
        ('host = "::1"', "http://[::1]:8765"),
        ('public_url = "http://localhost:9000"', "http://localhost:9000"),
        ('public_url = "https://127.0.0.1"', "https://127.0.0.1"),
    ],
)
def test_the_origin_is_what_a_browser_sends(tmp_path: Path, content: str, origin: str) -> None:
    assert loaded(tmp_path, content).origin == origin


# --- secrets --------------------------------------------------------------------------------------------------------


def test_a_secret_is_read_from_its_file(tmp_path: Path) -> None:
    settings = loaded(tmp_path, 'qdrant_api_key_file = "keys/q"\n')
    (settings.home / "keys").mkdir()
    (settings.home / "keys" / "q").write_text(f"{SECRET}\n")
    (settings.home / "keys" / "q").chmod(0o600)

    assert settings.secret(settings.qdrant_api_key_file) == SECRET
    assert settings.secret(None) is None


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644])
def test_a_secret_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    settings = loaded(tmp_path)
    (settings.home / "q").write_text(SECRET)
    (settings.home / "q").chmod(mode)

    with pytest.raises(FolderOpenToOthers, match="chmod 0600") as refused:
        settings.secret(Path("q"))
    assert SECRET not in str(refused.value)


def test_the_credentials_of_systemd_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(tmp_path)
    (settings.home / "q").write_text("of the home")
    (settings.home / "q").chmod(0o600)
    passed = tmp_path / "credentials"
    passed.mkdir()
    (passed / "q").write_text("of systemd\n")
    (passed / "q").chmod(0o440)  # with its access list, systemd shows group rights
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(passed))

    assert settings.secret(Path("q")) == "of systemd"
    assert settings.secret(settings.home / "q") == "of the home", "an absolute name is meant as it stands"
    (passed / "q").unlink()
    assert settings.secret(Path("q")) == "of the home"


@pytest.mark.parametrize("make", ["nothing", "a folder", "bytes"])
def test_a_secret_that_cannot_be_read_is_never_echoed(tmp_path: Path, make: str) -> None:
    """Where its file belongs, somebody may have written the secret itself."""
    settings = loaded(tmp_path)
    file = settings.home / SECRET
    if make == "a folder":
        file.mkdir(mode=0o600)
    elif make == "bytes":
        file.write_bytes(b"\xff\xfe")
        file.chmod(0o600)

    with pytest.raises(SettingInvalid, match="a secret's file cannot be …") as refused:
        settings.secret(Path(SECRET))
    assert SECRET not in str(refused.value) + refused.value.text("ja")


# --- the shell ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "APPLIANCE_LANGUAGE": "en"}, "en"),
        ({"APPLIANCE_LANGUAGE": "ja"}, "ja"),
    ],
)
def test_before_there_are_settings_the_shell_says_the_language(environ: dict[str, str], language: str) -> None:
    assert shell_language(environ) == language


def test_the_home_is_absolute_and_has_a_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    assert home_folder({"APPLIANCE_HOME": "x"}) == tmp_path / "x"
    assert home_folder({}) == Path("/var/lib/appliance")
    assert home_folder({"APPLIANCE_HOME": ""}) == Path("/var/lib/appliance")
