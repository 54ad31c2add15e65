"""Server-sent events of an answer, read into their schemas.

Source: HTML Living Standard, section 9.2.6 (interpreting an event stream), as far as our API uses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from appliance.api.schemas import Problem
from appliance.api.schemas.answers import CitationEvent, DoneEvent, SourcesEvent, StatusEvent, TokenEvent


@dataclass(frozen=True, slots=True)
class Ping:
    """A comment line: the API is still there, and has nothing to say."""


Event: TypeAlias = StatusEvent | SourcesEvent | TokenEvent | CitationEvent | DoneEvent | Problem | Ping

_SCHEMAS: dict[str, type[StatusEvent | SourcesEvent | TokenEvent | CitationEvent | DoneEvent | Problem]] = {
    "status": StatusEvent,
    "sources": SourcesEvent,
    "token": TokenEvent,
    "citation": CitationEvent,
    "done": DoneEvent,
    "error": Problem,
}


def events(lines: Iterable[str]) -> Iterator[Event]:
    """The events in a stream of lines. Unknown names are skipped; an event cut off at the end is dropped.

    Raises pydantic.ValidationError for a known event that does not fit its schema.
    """
    name, data = "", list[str]()
    for line in lines:
        if line.startswith(":"):
            yield Ping()
        elif not line:
            schema = _SCHEMAS.get(name)
            if schema is not None and data:
                yield schema.model_validate_json("\n".join(data))
            name, data = "", []
        else:
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                name = value
            elif field == "data":
                data.append(value)
