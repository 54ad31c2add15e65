"""The file of the demo's groups and people: its keys, and what is wrong with one in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.errors import ApplianceError, PeopleInvalid, SettingsRefused
from appliance.models import ClassificationWord
from appliance.toml import parsed

Name = Annotated[str, Field(min_length=1, max_length=100)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class GroupEntry(_Table):
    """One `[[group]]`."""

    id: Annotated[Name, Field(description="Never changes; documents keep it.")]
    name: Annotated[Name, Field(description="Name in Japanese; manifests may use it.")]
    name_en: Annotated[Name, Field(description="Name in English; manifests may use it.")]


class PersonEntry(_Table):
    """One `[[person]]`."""

    id: Annotated[Name, Field(description="Name for signing in; the audit log keeps it.")]
    name: Annotated[Name, Field(description="Name in Japanese.")]
    name_en: Annotated[Name, Field(description="Name in English.")]
    clearance: Annotated[
        ClassificationWord,
        Field(description="Highest classification they may see: `public`, `internal`, `restricted` or `confidential`."),
    ]
    groups: Annotated[list[Name], Field(description="Ids of their groups; without one they see nothing.")] = []
    compartments: Annotated[list[Name], Field(description="Compartments that they hold.")] = []
    roles: Annotated[
        list[Literal["reader", "auditor", "administrator"]],
        Field(description="`reader` asks, `auditor` reads the log, `administrator` operates. None opens a document."),
    ] = []


class Directory(_Table):
    """The whole file."""

    group: list[GroupEntry] = []
    person: list[PersonEntry] = []


def read_directory(content: bytes, file: Path) -> Directory:
    """The content of `file`. Raises FileNotToml, PeopleInvalid, and SettingsRefused for several faults."""
    table = parsed(content, file)
    try:
        return Directory.model_validate(table)
    except ValidationError as error:
        faults: list[ApplianceError] = []
        for item in error.errors():
            flaw = _Flaw(item["type"], repr(item["input"])[:80], str(item.get("ctx", {}).get("expected", "")))
            faults.append(_fault(file, table, item["loc"], flaw))
        raise (faults[0] if len(faults) == 1 else SettingsRefused(faults)) from error


@dataclass(frozen=True, slots=True)
class _Flaw:
    """What pydantic found: its kind, the value as it would be written, and what was expected instead."""

    kind: str
    value: str
    expected: str


def _fault(file: Path, table: Mapping[str, object], place: tuple[int | str, ...], flaw: _Flaw) -> ApplianceError:
    kind, *rest = map(str, place)
    of: type[_Table] = Directory
    entry, key = file.name, kind
    if rest:
        of = GroupEntry if kind == "group" else PersonEntry
        entry, key = _called(kind, int(rest[0]), table), rest[1] if len(rest) > 1 else kind
    en, ja = _why(flaw, key, of)
    return PeopleInvalid(path=file, entry=entry, key=key, why_en=en, why_ja=ja)


def _called(kind: str, number: int, table: Mapping[str, object]) -> str:
    """An entry by its id, else by its place."""
    entries = table[kind]
    entry = entries[number] if isinstance(entries, list) else None
    name = entry.get("id") if isinstance(entry, dict) else None
    return f"[[{kind}]] {name if isinstance(name, str) and name else f'#{number + 1}'}"


def _why(flaw: _Flaw, key: str, of: type[_Table]) -> tuple[str, str]:
    value, known = flaw.value, list(of.model_fields)
    match flaw.kind:
        case "missing":
            return "is missing", "がありません"
        case "extra_forbidden":
            near = get_close_matches(key, known, n=1, cutoff=0.6)
            en = f"did you mean {near[0]}" if near else f"there are {', '.join(known)}"
            ja = f"{near[0]} の誤りではありませんか" if near else f"使えるキー: {', '.join(known)}"
            return f"is no key here; {en}", f"というキーはありません（{ja}）"
        case "literal_error":
            words = flaw.expected.replace("'", "").replace(" or ", ", ")
            return f"cannot be {value}; use one of {words}", f"に {value} は使えません（{words} のいずれか）"
        case "list_type":
            return f"cannot be {value}; it is not a list", f"に {value} は使えません（一覧ではありません）"
        case "model_type":
            return f"cannot be {value}; write [[{key}]] tables", f"に {value} は使えません（[[{key}]] の表で書きます）"
        case _:
            return (
                f"cannot be {value}; it needs a text of 1 to 100 characters",
                f"に {value} は使えません（1～100 文字の文字列）",
            )
