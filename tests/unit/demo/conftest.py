"""The sample corpus as the product sees it: converted by its converters, ruled by its manifests."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from appliance.access import AccessList
from appliance.api.schemas.people import Group
from appliance.errors import ApplianceError
from appliance.models import Classification, Language, Part, Principal, Role
from ingest.convert import convert
from ingest.converted import Limits
from ingest.discover import survey
from ingest.manifest import read_manifest
from ingest.original import read_original

DEMO = Path(__file__).resolve().parents[3] / "infra" / "demo"
CORPUS = DEMO / "corpus"
PEOPLE = tomllib.loads((DEMO / "people.toml").read_text("utf-8"))
QUESTIONS = tomllib.loads((DEMO / "questions.toml").read_text("utf-8"))["question"]
GROUPS = [Group(id=group["id"], names=[group["name"], group["name_en"]]) for group in PEOPLE["group"]]
COLLECTIONS = sorted(path.name for path in CORPUS.iterdir())


@dataclass(frozen=True, slots=True)
class Sample:
    """A document of the corpus: its parts, or why it was not converted."""

    path: str  # collection/path
    language: Language
    access: AccessList
    parts: tuple[Part, ...]
    notes: tuple[str, ...]
    refused: str

    @property
    def text(self) -> str:
        return "\n".join(part.text for part in self.parts)


@cache
def samples() -> dict[str, Sample]:
    found: dict[str, Sample] = {}
    for collection in COLLECTIONS:
        manifest = read_manifest(CORPUS / collection, GROUPS)
        files = survey(CORPUS / collection, largest=200 << 20)
        for file in files.files:
            rule = manifest.rule_for(file.path)
            access = AccessList(
                groups=frozenset(rule.access.groups),
                classification=Classification.named(rule.access.classification),
                compartments=frozenset(rule.access.compartments),
                denied=frozenset(rule.access.denied),
                valid_from=rule.access.valid_from,
                valid_until=rule.access.valid_until,
            )
            path = f"{collection}/{file.path}"
            try:
                made = convert(read_original(files, file).content, file.path, Limits())
                notes = tuple(f"{note.code} {note.part}" for note in made.notes)
                found[path] = Sample(path, rule.language, access, tuple(made.parts), notes, "")
            except ApplianceError as error:
                found[path] = Sample(path, rule.language, access, (), (), error.code)
    return found


@pytest.fixture(scope="session")
def corpus() -> dict[str, Sample]:
    return samples()


def principal(name: str) -> Principal:
    [person] = [person for person in PEOPLE["person"] if person["id"] == name]
    return Principal(
        id=person["id"],
        name=person["name"],
        groups=frozenset(person["groups"]),
        clearance=Classification.named(person["clearance"]),
        compartments=frozenset(person["compartments"]),
        roles=frozenset(Role(role) for role in person["roles"]),
    )
