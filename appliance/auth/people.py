"""The demo identity: groups and people from one file. Whoever reaches the sign-in page may be any of them."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.auth.directory import PersonEntry, read_directory
from appliance.errors import BadInput, DirectoryUnreadable, PersonUnknown, SettingInvalid
from appliance.models import Classification, Language, Principal, Role

_LOG = logging.getLogger(__name__)


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


@dataclass(frozen=True, slots=True)
class _Directory:
    """What one state of the file says."""

    sha256: str
    groups: tuple[KnownGroup, ...]
    people: dict[str, Person]


class People:
    """The directory of the demo identity, as its file is now: whoever asks makes it look whether the file changed.

    Raises what `read_directory` raises, and SettingInvalid, when made over a file that contradicts itself. Where the
    file becomes so later, every question about who is who raises DirectoryUnreadable until it is mended: a file that
    was half-written, or damaged to keep a removal from taking effect, lets nobody in.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        self._seen = _stamp(file)
        self._last = _read(file)
        self._fault: BadInput | None = None

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever the file says something else, before anybody is told what it says."""
        self._listeners.append(listener)

    def fault(self) -> BadInput | None:
        """What is wrong with the file now."""
        with suppress(DirectoryUnreadable):
            self._now()
        return self._fault

    def _now(self) -> _Directory:
        with self._lock:
            stamp = _stamp(self._file)
            before = self._last
            if stamp != self._seen:
                self._look_again(stamp)
            if self._fault is not None:
                raise DirectoryUnreadable() from self._fault
            changed = before.sha256 != self._last.sha256
            now = self._last
        if changed:
            for listener in self._listeners:
                listener()
        return now

    def _look_again(self, stamp: object) -> None:
        self._seen = stamp
        try:
            self._last, self._fault = _read(self._file), None
        except BadInput as fault:
            self._fault = fault
            _LOG.error("nobody is let in until this is mended: %s", fault)

    @property
    def sha256(self) -> str:
        """Of the file, hex."""
        return self._now().sha256

    @property
    def groups(self) -> tuple[KnownGroup, ...]:
        """Every group, in the file's order."""
        return self._now().groups

    def all(self) -> list[Person]:
        """Everybody, in the file's order."""
        return list(self._now().people.values())

    def person(self, name: str) -> Person:
        """Somebody by id. Raises PersonUnknown."""
        people = self._now().people
        found = people.get(name)
        if found is None:
            raise PersonUnknown(name=name, names=", ".join(people))
        return found

    def name_of(self, identifier: str, language: Language) -> str:
        """The name behind an id of the log, as last known; the id itself where nobody has it any more."""
        found = self._last.people.get(identifier)
        return found.called(language) if found else identifier

    def group_names(self, identifiers: frozenset[str], language: Language) -> list[str]:
        """The names of groups, in the file's order."""
        return [g.name_en if language == "en" else g.name for g in self.groups if g.id in identifiers]


def _stamp(file: Path) -> object:
    """What tells that a file was written or replaced; None where it cannot be seen."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _read(file: Path) -> _Directory:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SettingInvalid(where=file, key="people", value=file.name, why=error.strerror) from error
    content = read_directory(data, file)
    groups = tuple(KnownGroup(entry.id, entry.name, entry.name_en) for entry in content.group)
    people = [_person(entry) for entry in content.person]
    ids = [person.principal.id for person in people]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise SettingInvalid(where=file, key="person", value=twice[0], why="it stands there twice")
    numbers = [group.id for group in groups]
    if twice := sorted({group for group in numbers if numbers.count(group) > 1}):
        raise SettingInvalid(where=file, key="group", value=twice[0], why="it stands there twice")
    known = set(numbers)
    for person in people:
        if unknown := person.principal.groups - known:
            why = f"{person.principal.id} is in groups that do not exist: {', '.join(sorted(unknown))}"
            raise SettingInvalid(where=file, key="person", value=person.principal.id, why=why)
    return _Directory(hashlib.sha256(data).hexdigest(), groups, {person.principal.id: person for person in people})


def _person(entry: PersonEntry) -> Person:
    principal = Principal(
        id=entry.id,
        name=entry.name,
        groups=frozenset(entry.groups),
        clearance=Classification.named(entry.clearance),
        compartments=frozenset(entry.compartments),
        roles=frozenset(Role(word) for word in entry.roles),
    )
    return Person(principal, entry.name_en)
