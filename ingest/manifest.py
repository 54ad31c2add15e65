"""The manifest of a collection: `collection.toml` says who may see what lies beside and below it.

    language = "ja"                     # "ja" or "en"
    classification = "internal"         # "public", "internal", "restricted" or "confidential"
    groups = ["全行員"]                 # names; any of them admits
    compartments = []                   # all of them are needed
    denied = []                         # names; any of them shuts out
    valid_from = 2026-04-01             # the first day; a date counts in Japan time
    valid_until = 2027-03-31            # the last day, inclusive

    [[override]]                        # replaces what it names where `path` matches; the last wins, key by key
    path = "役員/**/*.pdf"
    groups = ["役員室"]
    optional = true                     # it may match no file; without this line that stops the run

`language`, `classification` and `groups` must be there. Nothing is guessed: an unknown key, a wrong word or an unknown
group refuses the whole file, all faults at once. Without a manifest nothing is taken in.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from stat import S_ISREG

from appliance.api.schemas.documents import AccessRule
from appliance.api.schemas.people import Group
from appliance.errors import AccessListMissing, ApplianceError
from appliance.models import ClassificationWord, Language
from ingest.globs import enters, matches
from ingest.manifest_errors import (
    ManifestDatesCrossed,
    ManifestEncoding,
    ManifestGroupContradiction,
    ManifestInvalid,
    ManifestKeyMissing,
    ManifestMissing,
    ManifestOverrideWrong,
    ManifestSyntax,
    ManifestUnreadable,
)
from ingest.manifest_values import KEYS, Fields, GroupNames, Reading, Table, read_fields, shown

MANIFEST = "collection.toml"
_LARGEST = 1_000_000  # bytes; a manifest of a thousand overrides has 100 kB
_EXAMPLE = 'language = "ja"\nclassification = "internal"\ngroups = ["{group}"]\n'


@dataclass(frozen=True, slots=True)
class DocumentRule:
    """What the manifest says of one document: who may see it, and its language."""

    access: AccessRule
    language: Language


@dataclass(frozen=True, slots=True)
class Terms:
    """All that decides about a document. Groups are ids, moments are in UTC."""

    language: Language
    classification: ClassificationWord
    groups: tuple[str, ...]
    compartments: tuple[str, ...]
    denied: tuple[str, ...]
    valid_from: datetime | None
    valid_until: datetime | None

    def replaced_by(self, said: Fields) -> Terms:
        """These terms, except where `said` says something else. An empty list is something."""
        return Terms(
            language=said.language or self.language,
            classification=said.classification or self.classification,
            groups=self.groups if said.groups is None else said.groups,
            compartments=self.compartments if said.compartments is None else said.compartments,
            denied=self.denied if said.denied is None else said.denied,
            valid_from=said.valid_from or self.valid_from,
            valid_until=said.valid_until or self.valid_until,
        )


@dataclass(frozen=True, slots=True)
class Override:
    """One `[[override]]`: what it says replaces what stands above it, where `pattern` matches; `optional`: it may match
    no file."""

    pattern: str
    said: Fields
    optional: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest without a fault. `where` names the file in messages."""

    where: str
    base: Terms
    overrides: tuple[Override, ...]
    names: GroupNames

    def rule_for(self, path: str) -> DocumentRule:
        """The rule of the document at `path`, relative to the collection's root, with `/`.

        Overrides that are sound alone may contradict each other where several match: then ManifestDatesCrossed or
        ManifestGroupContradiction names the document.
        """
        terms = self.base
        for override in self.overrides:
            if matches(override.pattern, path):
                terms = terms.replaced_by(override.said)
        for fault in _contradictions(f"{self.where} ({path})", terms, self.names):
            raise fault
        access = AccessRule(
            groups=list(terms.groups),
            classification=terms.classification,
            compartments=list(terms.compartments),
            denied=list(terms.denied),
            valid_from=terms.valid_from,
            valid_until=terms.valid_until,
        )
        return DocumentRule(access, terms.language)

    def unmatched(self, paths: Iterable[str], blind: Sequence[str] = ()) -> tuple[str, ...]:
        """The patterns that match none of the paths, and enter no folder that could not be listed (`blind`), unless
        they are optional. A mistyped one leaves its documents to the wider rule above, so nothing may be stored."""
        known = tuple(paths)
        return tuple(
            override.pattern
            for override in self.overrides
            if not override.optional
            and not any(matches(override.pattern, path) for path in known)
            and not any(enters(override.pattern, folder) for folder in blind)
        )


def read_manifest(root: Path, groups: Sequence[Group]) -> Manifest:
    """The manifest of the collection at `root`, its group names resolved against `groups`.

    Raises the fault when there is one, and ManifestInvalid with all of them when there are several.
    """
    return parse_manifest(_text_of(root / MANIFEST, groups), where=str(root / MANIFEST), groups=groups)


def parse_manifest(text: str, *, where: str, groups: Sequence[Group]) -> Manifest:
    """A manifest from its text; `where` names it in messages. Raises like `read_manifest`."""
    names = GroupNames(groups)
    faults: list[ApplianceError] = []
    table = _toml(text, where)
    tables = table.pop("override", [])
    reading = Reading(table, where=where, names=names, faults=faults)
    reading.refuse_unknown((*KEYS, "override"))
    said = read_fields(reading)
    base = _complete(said, table, where, faults)
    overrides = _overrides(tables, where, names, faults)
    if base is not None and not faults:
        faults.extend(_contradictions(where, base, names))
        for number, override in enumerate(overrides, 1):
            faults.extend(_contradictions(_place(where, number), base.replaced_by(override.said), names))
    if base is None or faults:
        raise faults[0] if len(faults) == 1 else ManifestInvalid(path=where, faults=faults)
    return Manifest(where, base, overrides, names)


def _complete(said: Fields, table: Table, where: str, faults: list[ApplianceError]) -> Terms | None:
    """The terms of the whole collection; what must be there and is not becomes a fault."""
    if "groups" not in table:
        faults.append(AccessListMissing(where=where))
    for key, example in (("language", '"ja"'), ("classification", '"internal"')):
        if key not in table:
            faults.append(ManifestKeyMissing(where=where, key=key, example=example))
    if said.language is None or said.classification is None or said.groups is None:
        return None
    return Terms(
        said.language,
        said.classification,
        said.groups,
        said.compartments or (),
        said.denied or (),
        said.valid_from,
        said.valid_until,
    )


def _overrides(tables: object, where: str, names: GroupNames, faults: list[ApplianceError]) -> tuple[Override, ...]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        faults.append(ManifestOverrideWrong(where=where, value=shown(tables)))
        return ()
    read = []
    for number, table in enumerate(tables, 1):
        reading = Reading(table, where=_place(where, number), names=names, faults=faults)
        reading.refuse_unknown(("path", "optional", *KEYS))
        read.append(Override(reading.pattern(), read_fields(reading), reading.truth("optional")))
    return tuple(read)


def _contradictions(where: str, terms: Terms, names: GroupNames) -> Iterator[ApplianceError]:
    for group in sorted(set(terms.groups) & set(terms.denied)):
        yield ManifestGroupContradiction(where=where, group=names.name(group))
    if terms.valid_from and terms.valid_until and terms.valid_from >= terms.valid_until:
        yield ManifestDatesCrossed(where=where, start=terms.valid_from, end=terms.valid_until)


def _text_of(path: Path, groups: Sequence[Group]) -> str:
    try:
        # Not through a link: whoever can write elsewhere would decide who sees this collection.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        group = groups[0].names[0] if groups and groups[0].names else "..."
        raise ManifestMissing(path=path, example=_EXAMPLE.format(group=group)) from error
    except OSError as error:
        raise ManifestUnreadable(path=path, why=error.strerror, limit=_LARGEST) from error
    try:
        mode = os.fstat(descriptor).st_mode
        if not S_ISREG(mode):
            raise ManifestUnreadable(path=path, why=f"mode {mode:o}", limit=_LARGEST)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(_LARGEST + 1)
    finally:
        os.close(descriptor)
    if len(content) > _LARGEST:
        raise ManifestUnreadable(path=path, why=f"> {_LARGEST} bytes", limit=_LARGEST)
    try:
        return content.decode("utf-8-sig")  # Windows editors write a mark that tomllib refuses
    except UnicodeDecodeError as error:
        raise ManifestEncoding(path=path, position=error.start + 1) from error


def _toml(text: str, where: str) -> Table:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        lines = text.splitlines() or [""]
        found = re.search(r"line (\d+)", str(error))
        line = min(int(found[1]) if found else len(lines), len(lines))
        why = str(error).partition(" (at ")[0] or type(error).__name__
        raise ManifestSyntax(path=where, line=line, text=lines[line - 1].strip()[:120], why=why) from error


def _place(where: str, number: int) -> str:
    return f"{where} [[override]] #{number}"
