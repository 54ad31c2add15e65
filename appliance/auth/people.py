"""The demo identity: groups and people from one file. Whoever reaches the sign-in page may be any of them."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import PersonUnknown, SettingInvalid
from appliance.models import Classification, Language, Principal, Role


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """A group of the directory by its id, with the names that manifests may use."""

    id: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in."""

    principal: Principal
    name_en: str

    def called(self, language: Language) -> str:
        """Their name in a language."""
        return self.name_en if language == "en" else self.principal.name


class People:
    """The directory of the demo identity. Raises SettingInvalid for a file that contradicts itself."""

    def __init__(self, file: Path) -> None:
        try:
            data = file.read_bytes()
            self.sha256 = hashlib.sha256(data).hexdigest()
            content = tomllib.loads(data.decode())
            self.groups = tuple(KnownGroup(g["id"], g["name"], g["name_en"]) for g in content.get("group", []))
            people = [_person(entry) for entry in content.get("person", [])]
        except (OSError, tomllib.TOMLDecodeError, KeyError, ValueError, TypeError) as error:
            raise SettingInvalid(where=file, key="people", value=file.name, why=repr(error)) from error
        self._people = {person.principal.id: person for person in people}
        ids = [person.principal.id for person in people]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise SettingInvalid(where=file, key="person", value=twice[0], why="it stands there twice")
        known = {group.id for group in self.groups}
        for person in people:
            if unknown := person.principal.groups - known:
                why = f"{person.principal.id} is in groups that do not exist: {', '.join(sorted(unknown))}"
                raise SettingInvalid(where=file, key="person", value=person.principal.id, why=why)

    def all(self) -> list[Person]:
        """Everybody, in the file's order."""
        return list(self._people.values())

    def person(self, name: str) -> Person:
        """Somebody by id. Raises PersonUnknown."""
        found = self._people.get(name)
        if found is None:
            raise PersonUnknown(name=name, names=", ".join(self._people))
        return found

    def name_of(self, identifier: str, language: Language) -> str:
        """The name behind an id of the log; the id itself where nobody has it any more."""
        found = self._people.get(identifier)
        return found.called(language) if found else identifier

    def group_names(self, identifiers: frozenset[str], language: Language) -> list[str]:
        """The names of groups, in the file's order."""
        return [g.name_en if language == "en" else g.name for g in self.groups if g.id in identifiers]


def _person(entry: dict[str, object]) -> Person:
    def words(key: str) -> frozenset[str]:
        value = entry.get(key, [])
        if not isinstance(value, list):
            raise ValueError(f"{key} is not a list")
        return frozenset(str(item) for item in value)

    principal = Principal(
        id=str(entry["id"]),
        name=str(entry["name"]),
        groups=words("groups"),
        clearance=Classification.named(str(entry["clearance"])),
        compartments=words("compartments"),
        roles=frozenset(Role(word) for word in words("roles")),
    )
    return Person(principal, str(entry["name_en"]))
