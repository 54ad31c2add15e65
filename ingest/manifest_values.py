"""The values of a manifest, read one by one from TOML: what is wrong is collected, what is right is typed."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta, timezone
from difflib import get_close_matches
from typing import Literal, TypeVar, get_args

from appliance.api.schemas.people import Group
from appliance.errors import AccessListMissing, ApplianceError, GroupUnknown
from appliance.models import ClassificationWord, Language
from ingest.manifest_errors import (
    ManifestDateOutOfRange,
    ManifestGroupAmbiguous,
    ManifestKeyMisspelt,
    ManifestKeyUnknown,
    ManifestPathInvalid,
    ManifestTypeWrong,
    ManifestWordUnknown,
)

Table = dict[str, object]
Word = TypeVar("Word", bound=str)

_LANGUAGES: tuple[Language, ...] = get_args(Language)
_CLASSIFICATIONS: tuple[ClassificationWord, ...] = get_args(ClassificationWord)
# Not the machine's zone: the same manifest must mean the same on every machine that reads it.
_JAPAN = timezone(timedelta(hours=9))
_YEARS = range(1900, 9001)
_GROUPS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Fields:
    """What one table of a manifest says; None where it says nothing. Groups are ids, moments are in UTC."""

    language: Language | None = None
    classification: ClassificationWord | None = None
    groups: tuple[str, ...] | None = None
    compartments: tuple[str, ...] | None = None
    denied: tuple[str, ...] | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


KEYS = tuple(field.name for field in fields(Fields))


class GroupNames:
    """Groups by name, in NFC and without outer spaces."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self._ids: dict[str, set[str]] = {}
        self._names: dict[str, str] = {}
        self._shown = {group.id: _both(group) for group in groups}
        for group in groups:
            for name in group.names:
                self._ids.setdefault(_plain(name), set()).add(group.id)
                self._names.setdefault(group.id, name)

    def ids(self, name: str) -> tuple[str, ...]:
        """The ids of the groups of this name, sorted: one when all is well."""
        return tuple(sorted(self._ids.get(_plain(name), ())))

    def name(self, group: str) -> str:
        """The first name of a group id."""
        return self._names.get(group, group)

    def near(self, name: str) -> str:
        """The groups to choose from, each by its names: those like it when there are too many to list."""
        shown = list(self._shown)
        if len(shown) > _GROUPS_SHOWN:
            close = get_close_matches(_plain(name), self._ids, n=_GROUPS_SHOWN, cutoff=0.3)
            alike = dict.fromkeys(group for one in close for group in self.ids(one))
            shown = list(alike or shown)[:_GROUPS_SHOWN]
        more = f" … ({len(self._shown)})" if len(shown) < len(self._shown) else ""
        return (", ".join(self._shown[group] for group in shown) or "-") + more


class Reading:
    """One table being read; every method returns None where the key is absent or its value is refused."""

    def __init__(self, table: Table, *, where: str, names: GroupNames, faults: list[ApplianceError]) -> None:
        self._table, self._where, self._names, self._faults = table, where, names, faults

    def refuse_unknown(self, known: Sequence[str]) -> None:
        """Fault every key that is not among the known ones, with the one it resembles."""
        for key in (key for key in self._table if key not in known):
            near = get_close_matches(key.lower(), known, n=1, cutoff=0.7)
            value = shown(self._table[key])
            self._faults.append(
                ManifestKeyMisspelt(where=self._where, key=key, value=value, near=near[0])
                if near
                else ManifestKeyUnknown(where=self._where, key=key, value=value, keys=", ".join(known))
            )

    def word(self, key: str, words: tuple[Word, ...]) -> Word | None:
        """One word of a list."""
        value = self._table.get(key)
        if isinstance(value, str):
            found = next((word for word in words if word == value), None)
            if found is None:
                self._fault(ManifestWordUnknown, key, words=", ".join(words))
            return found
        self._wrong_type(key, f'"{words[0]}"')
        return None

    def groups(self, key: Literal["groups", "denied"]) -> tuple[str, ...] | None:
        """Group names as ids, sorted, each once."""
        names = self.texts(key)
        if names is None:
            return None
        if not names and key == "groups":
            self._faults.append(AccessListMissing(where=f"{self._where}: groups = []"))
        return tuple(sorted({group for name in names for group in self._group(key, name)}))

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A list of texts, sorted, each once."""
        value = self._table.get(key)
        if isinstance(value, list) and all(isinstance(text, str) and text.strip() for text in value):
            return tuple(sorted({_plain(text) for text in value}))
        self._wrong_type(key, shown([value]) if isinstance(value, str) and value.strip() else '["..."]')
        return None

    def truth(self, key: str) -> bool:
        """True or false; false where the key is absent or refused."""
        value = self._table.get(key, False)
        if not isinstance(value, bool):
            self._wrong_type(key, "true")
        return value is True

    def moment(self, key: str, *, last_day: bool) -> datetime | None:
        """A date or time in UTC; with `last_day`, a date means the end of that day."""
        value = self._table.get(key)
        if not isinstance(value, date):
            self._wrong_type(key, "2027-03-31")
            return None
        if value.year not in _YEARS:
            self._fault(ManifestDateOutOfRange, key)
            return None
        if not isinstance(value, datetime):
            value = datetime.combine(value, time()) + timedelta(days=1 if last_day else 0)
        return (value if value.tzinfo else value.replace(tzinfo=_JAPAN)).astimezone(UTC)

    def pattern(self) -> str:
        """The path of an override; empty when it is absent or refused."""
        value = self._table.get("path")
        if isinstance(value, str) and value and "\\" not in value and not {"", ".", ".."} & set(value.split("/")):
            return value
        self._faults.append(
            ManifestPathInvalid(where=self._where, value=shown(value), example=_pattern_near(value))
            if isinstance(value, str)
            else ManifestTypeWrong(where=self._where, key="path", value=shown(value), example='"**/*.pdf"')
        )
        return ""

    def _group(self, key: str, name: str) -> tuple[str, ...]:
        ids = self._names.ids(name)
        where = f"{self._where}: {key}"
        if not ids:
            self._faults.append(GroupUnknown(where=where, group=name, groups=self._names.near(name)))
        elif len(ids) > 1:
            self._fault(ManifestGroupAmbiguous, key, group=name, ids=", ".join(ids))
        return ids[:1]

    def _wrong_type(self, key: str, example: str) -> None:
        if key in self._table:
            self._fault(ManifestTypeWrong, key, example=example)

    def _fault(self, kind: type[ApplianceError], key: str, **values: str) -> None:
        self._faults.append(kind(where=self._where, key=key, value=shown(self._table[key]), **values))


def read_fields(reading: Reading) -> Fields:
    """Everything that a table may say of documents."""
    return Fields(
        language=reading.word("language", _LANGUAGES),
        classification=reading.word("classification", _CLASSIFICATIONS),
        groups=reading.groups("groups"),
        compartments=reading.texts("compartments"),
        denied=reading.groups("denied"),
        valid_from=reading.moment("valid_from", last_day=False),
        valid_until=reading.moment("valid_until", last_day=True),
    )


def shown(value: object) -> str:
    """A value as a manifest writes it, cut at 80 characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:79] + "…"


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()


def _both(group: Group) -> str:
    """A group's name, and its English one where it has another."""
    names = list(dict.fromkeys(name for name in group.names if name != group.id)) or [group.id]
    return names[0] if len(names) == 1 else f"{names[0]} ({names[1]})"


def _pattern_near(value: str) -> str:
    names = [name for name in value.replace("\\", "/").split("/") if name not in {"", ".", ".."}]
    if value.endswith("/") or not names:
        names.append("**")
    return '"' + "/".join(names) + '"'
