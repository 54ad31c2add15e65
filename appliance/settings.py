"""The only reader of the environment and of the settings file: everything else is given its settings as arguments.

APPLIANCE_HOME names the folder of settings and data. APPLIANCE_<KEY> overrides a key of its `settings.toml`.
A secret is named by a file; where systemd passes credentials, a relative name is looked up among them first.
"""

from __future__ import annotations

import ipaddress
import os
import pwd
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from appliance.errors import (
    ApplianceError,
    DemoIdentityNotLocal,
    FileNotToml,
    FolderOpenToOthers,
    HomeMissing,
    HomeOfAnother,
    HomeUnusable,
    SettingInvalid,
    SettingsRefused,
    SettingUnknown,
)
from appliance.models import Language
from appliance.toml import parsed

FILE = "settings.toml"
PREFIX = "APPLIANCE_"
_NEVER_SHOWN = {"qdrant_url", "qdrant_api_key_file"}  # where somebody may have written a secret
_PEOPLE = (
    "File with the demo's groups and people, read again when it changes; while it cannot be read, nobody is let in. "
    "The role `auditor` reads everybody's questions and answers; no role opens or changes a document."
)
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[1-9][0-9]{0,4})?")
# Read here although they are no settings: where the installation is, and systemd's folder of secrets.
_NOT_SETTINGS = {"APPLIANCE_HOME"}


class Settings(BaseModel):
    """Every setting, with its default. Times say their unit; paths are relative to APPLIANCE_HOME."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    home: Annotated[Path, Field(exclude=True, description="APPLIANCE_HOME itself; not a key.")]
    language: Annotated[Language, Field(description="Language of commands and of errors: `ja` or `en`.")] = "ja"
    host: Annotated[str, Field(description="Address that portal and API listen on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, description="Port that portal and API listen on.")] = 8765
    public_url: Annotated[
        str, Field(description="Address that browsers use, exactly; empty: http://<host>:<port>.")
    ] = ""
    identity: Annotated[
        Literal["demo"], Field(description="Who may sign in: `demo` (the people of `people`, loopback only).")
    ] = "demo"
    people: Annotated[Path, Field(description=_PEOPLE)] = Path("people.toml")
    examples: Annotated[
        Path | None, Field(description="File with `[[example]]` questions (`ja`, `en`) that an empty page offers.")
    ] = None
    session_minutes: Annotated[int, Field(ge=1, le=1440, description="A session ends after this time unused.")] = 60
    session_hours: Annotated[int, Field(ge=1, le=24, description="A session ends after this time in any case.")] = 10
    index: Annotated[
        Literal["edge", "qdrant"],
        Field(description="`edge`: on this machine, in a process of its own; `qdrant`: a server."),
    ] = "edge"
    qdrant_url: Annotated[str, Field(description="Address of the Qdrant server, with index = qdrant.")] = ""
    qdrant_collection: Annotated[str, Field(description="Name of the collection on the Qdrant server.")] = "appliance"
    qdrant_api_key_file: Annotated[Path | None, Field(description="File with the Qdrant server's API key.")] = None
    question_characters: Annotated[int, Field(ge=50, le=20000, description="Longest question accepted.")] = 2000
    questions_a_person: Annotated[
        int, Field(ge=1, le=20, description="How many questions of one person are answered at once.")
    ] = 2
    answer_seconds: Annotated[
        int, Field(ge=5, le=3600, description="An answer is stopped after this time, waiting included.")
    ] = 120
    passages: Annotated[int, Field(ge=1, le=20, description="How many passages an answer may rest on.")] = 6
    upload_megabytes: Annotated[
        int, Field(ge=1, le=2000, description="Largest document accepted, by `ingest` too; a megabyte is 2^20 bytes.")
    ] = 200
    conversion_guards: Annotated[
        Literal["required", "as-available"],
        Field(
            description="`required`: no file is converted where Linux withholds an essential guard of the sandbox"
            " (`appliance doctor` names them); `as-available`: converted all the same, for trusted files only."
        ),
    ] = "required"

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth(cls, value: object) -> object:
        """No setting is true or false, and a number must not be made of it."""
        if isinstance(value, bool):
            raise ValueError("true and false are no value of a setting")
        return value

    @field_validator("public_url")
    @classmethod
    def _an_origin(cls, value: str) -> str:
        """Exactly what a browser sends as Origin, since it is compared exactly."""
        if value and not _ORIGIN.fullmatch(value):
            raise ValueError("write it as a browser does: https://name or https://name:port, in small letters, no path")
        if value.endswith((":443" if value.startswith("https:") else ":80",)):
            raise ValueError("browsers leave out the port that belongs to the scheme")
        return value

    @field_validator("qdrant_url")
    @classmethod
    def _no_password(cls, value: str) -> str:
        if "@" in value:
            raise ValueError("name the key in qdrant_api_key_file, not in the address")
        return value

    @property
    def origin(self) -> str:
        """What browsers must name as Origin: scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or (f"http://{host}" if self.port == 80 else f"http://{host}:{self.port}")

    @property
    def upload_bytes(self) -> int:
        """`upload_megabytes` in bytes."""
        return self.upload_megabytes << 20

    @property
    def data(self) -> Path:
        """Where everything that must be backed up stands."""
        return self.home / "data"

    def secret(self, path: Path | None) -> str | None:
        """The content of a secret's file, without its line end; None where no file is named."""
        if path is None:
            return None
        # What systemd passes lies in a folder that only the service can enter; its files may carry an access list,
        # which shows as group rights.
        place = _credential(path)
        try:
            if place is None:
                place = self.home / path
                _check_private(place, 0o600)
            return place.read_text(encoding="utf-8").rstrip("\n")
        except (OSError, UnicodeDecodeError) as error:
            # Not its name: somebody may have written the secret itself where its file belongs.
            why = error.strerror if isinstance(error, OSError) else "it is not text"
            raise SettingInvalid(where=self.home / FILE, key="a secret's file", value="…", why=why) from error


def home_folder(environ: Mapping[str, str] | None = None) -> Path:
    """APPLIANCE_HOME, made absolute; `/var/lib/appliance` where it is not set."""
    environ = os.environ if environ is None else environ
    return Path(environ.get("APPLIANCE_HOME") or "/var/lib/appliance").expanduser().absolute()


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in force.

    Raises HomeMissing, HomeOfAnother, HomeUnusable, FolderOpenToOthers, SettingsRefused or DemoIdentityNotLocal.
    """
    environ = os.environ if environ is None else environ
    home = home_folder(environ)
    file = home / FILE
    faults: list[ApplianceError] = []
    values = _of_file(home, file)
    origin = dict.fromkeys(values, str(file))
    for name, value in environ.items():
        if name.startswith(PREFIX) and name not in _NOT_SETTINGS and not name.startswith("APPLIANCE_TESTS_"):
            key = name.removeprefix(PREFIX).lower()
            values[key], origin[key] = value, name
    for key in [key for key in values if key not in Settings.model_fields or key == "home"]:
        del values[key]
        faults.append(SettingUnknown(where=origin[key], key=key))
    try:
        settings = Settings.model_validate({**values, "home": home})
    except ValidationError as error:
        faults += [_fault(item["loc"], item["msg"], item["input"], origin) for item in error.errors()]
        raise SettingsRefused(faults) from error
    if settings.index == "qdrant" and not settings.qdrant_url:
        where, why = origin.get("index", str(file)), "index = qdrant needs the server's address"
        faults.append(SettingInvalid(where=where, key="qdrant_url", value='""', why=why))
    if faults:
        raise SettingsRefused(faults)
    if settings.identity == "demo":
        # Also the name under which something before us may hand our pages to others.
        for host in (settings.host, urlsplit(settings.public_url).hostname):
            if host is not None and not _loopback(host) and (host, settings.host) != ("localhost", "127.0.0.1"):
                raise DemoIdentityNotLocal(host=host)
    return settings


def _of_file(home: Path, file: Path) -> dict[str, object]:
    try:
        require_owner(home)
        if not file.is_file():
            raise HomeMissing(path=home)
        _check_private(home, 0o700)
        return parsed(file.read_bytes(), file)
    except OSError as error:
        raise HomeUnusable(path=error.filename or home, why=error.strerror or error) from error
    except FileNotToml as error:
        raise SettingsRefused([error]) from error


def require_owner(home: Path) -> None:
    """Raise HomeOfAnother where the folder is somebody else's: before anything in it is opened, or made.

    That holds for root above all: it may do everything, and leaves behind files that the owner cannot use.
    """
    if home.is_dir() and (owner := home.stat().st_uid) != os.geteuid():
        raise HomeOfAnother(path=home, owner=user_name(owner), user=user_name(os.geteuid()))


def user_name(uid: int) -> str:
    """A user as `sudo -u` and `chown` take them: the name, or `#uid` where nobody has one."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def shell_language(environ: Mapping[str, str] | None = None) -> Language:
    """The language of the shell: for messages before there are settings."""
    environ = os.environ if environ is None else environ
    wanted = environ.get("APPLIANCE_LANGUAGE") or environ.get("LC_ALL") or environ.get("LANG") or ""
    return "ja" if wanted.startswith("ja") else "en"


def _fault(path: tuple[int | str, ...], why: str, value: object, origin: dict[str, str]) -> ApplianceError:
    key = str(path[0])
    if key in _NEVER_SHOWN:
        value = "…"
    return SettingInvalid(where=origin.get(key, FILE), key=key, value=value, why=why)


def _loopback(host: str) -> bool:
    """Only literal addresses count: what a name resolves to can change after the start."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _credential(path: Path) -> Path | None:
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and not path.is_absolute() and (found := Path(credentials) / path).is_file():
        return found
    return None


def _check_private(path: Path, wanted: int) -> None:
    """Refuse a folder or file that anybody but its owner may use."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & ~wanted:
        raise FolderOpenToOthers(path=path, mode=f"{mode:04o}", wanted=f"{wanted:04o}")
