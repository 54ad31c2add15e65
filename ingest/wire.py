"""How a converted document crosses from the sandboxed child: one line of JSON, then the pictures' bytes.

The child may have been taken over by the file that it read. So nothing is unpickled, and every value is checked
here for its type and its bounds before it becomes one of ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TypeVar, cast

from appliance.models import Json, Language, Line, Part, PartKind
from appliance.words import Words
from ingest.converted import NOTES, Converted, Note, Picture
from ingest.errors import ConversionFailed, named

T = TypeVar("T")
_SCALE = 100_000  # boxes cross as whole numbers of 1/100000 of the page
_LONGEST_VALUE = 500


class Garbage(ValueError):
    """What came out of the child is not what a converter of ours writes."""


def packed(converted: Converted) -> list[bytes]:
    """The pieces to write, in order."""
    head = {
        "title": converted.title,
        "media_type": converted.media_type,
        "language": converted.language,
        "parts": [_packed_part(part) for part in converted.parts],
        "notes": [[note.code, note.part, dict(note.values)] for note in converted.notes],
        "pictures": [[item.ordinal, len(item.page), len(item.thumbnail)] for item in converted.pictures],
    }
    blobs = [blob for item in converted.pictures for blob in (item.page, item.thumbnail)]
    return [_line(head), *blobs]


def packed_failure(failure: ConversionFailed) -> list[bytes]:
    """The same for a failure."""
    return [_line({"failed": failure.code, "values": {key: _value(value) for key, value in failure.given().items()}})]


def _value(value: str | Words) -> str | list[str]:
    """A text, or the pair of Japanese and English."""
    if isinstance(value, Words):
        return [value.ja[:_LONGEST_VALUE], value.en[:_LONGEST_VALUE]]
    return value[:_LONGEST_VALUE]


def _line(head: Mapping[str, object]) -> bytes:
    return json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def _packed_part(part: Part) -> list[object]:
    lines = [
        [line.start, line.end, round(line.top * _SCALE), round(line.bottom * _SCALE)]
        + [round(edge * _SCALE) for edge in line.edges]
        for line in part.lines
    ]
    return [part.kind, part.label, part.text, lines]


def unpacked(data: bytes) -> Converted | ConversionFailed:
    """What the child said. Raises Garbage."""
    end = data.find(b"\n")
    try:
        head = json.loads(data[:end].decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Garbage("no JSON") from error
    fields = _mapping(head)
    if "failed" in fields:
        values = {key: _given(value) for key, value in _mapping(fields.get("values")).items()}
        return _known(named(_text(fields["failed"]), values))
    parts = tuple(_part(ordinal, item) for ordinal, item in enumerate(_list(fields.get("parts")), start=1))
    if not parts:
        raise Garbage("no parts")
    return Converted(
        title=_text(fields.get("title")),
        media_type=_text(fields.get("media_type")),
        language=cast(Language, _one_of(fields.get("language"), {"ja", "en"})),
        parts=parts,
        pictures=_pictures(fields.get("pictures"), data, end + 1, len(parts)),
        notes=tuple(_note(item, len(parts)) for item in _list(fields.get("notes"))),
    )


def _part(ordinal: int, item: Json) -> Part:
    kind, label, text, lines = _list(item, 4)
    text = _text(text)
    return Part(
        ordinal=ordinal,
        kind=cast(PartKind, _one_of(kind, {"page", "section", "sheet"})),
        label=_text(label),
        text=text,
        lines=tuple(_packed_line(line, len(text)) for line in _list(lines)),
    )


def _packed_line(item: Json, length: int) -> Line:
    numbers = [_number(value) for value in _list(item)]
    if len(numbers) < 6:  # a span, top and bottom, and the two sides of one character
        raise Garbage("a line without its numbers")
    start, end, *sides = numbers
    if not 0 <= start < end <= length or len(sides) != end - start + 3 or max(sides) > _SCALE:
        raise Garbage("a line outside its page")
    if sides[0] > sides[1] or any(left > right for left, right in pairwise(sides[2:])):
        raise Garbage("a line turned over")
    top, bottom, *edges = [side / _SCALE for side in sides]
    return Line(start, end, top, bottom, tuple(edges))


def _pictures(item: Json, data: bytes, offset: int, parts: int) -> tuple[Picture, ...]:
    pictures: list[Picture] = []
    for entry in _list(item):
        ordinal, page, thumbnail = [_number(value) for value in _list(entry, 3)]
        middle, end = offset + page, offset + page + thumbnail
        if not 1 <= ordinal <= parts or end > len(data):
            raise Garbage("a picture without its page or its bytes")
        pictures.append(Picture(ordinal, data[offset:middle], data[middle:end]))
        if not all(
            blob[:4] == b"RIFF" and blob[8:12] == b"WEBP" for blob in (pictures[-1].page, pictures[-1].thumbnail)
        ):
            raise Garbage("a picture that is no WebP")
        offset = end
    if offset != len(data) or len({picture.ordinal for picture in pictures}) != len(pictures):
        raise Garbage("bytes after the last picture")
    return tuple(pictures)


def _note(item: Json, parts: int) -> Note:
    code, part, values = _list(item, 3)
    note = Note(
        _one_of(code, set(NOTES)),
        _number(part),
        {key: _text(value)[:_LONGEST_VALUE] for key, value in _mapping(values).items()},
    )
    if note.part > parts:
        raise Garbage("a note on a part that is not there")
    _checked(lambda: note.text("en"))
    return note


def _checked(action: Callable[[], T]) -> T:
    try:
        return action()
    except (KeyError, IndexError) as error:
        raise Garbage("a value is missing") from error


def _given(value: Json) -> str | Words:
    if isinstance(value, list):
        ja, en = _list(value, 2)
        return Words(ja=_text(ja), en=_text(en))
    return _text(value)


def _known(failure: ConversionFailed | None) -> ConversionFailed:
    if failure is None:
        raise Garbage("an unknown failure")
    return failure


def _text(value: Json) -> str:
    if not isinstance(value, str) or any("\ud800" <= character <= "\udfff" for character in value):
        raise Garbage("not a text")
    return value


def _number(value: Json) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Garbage("not a count")
    return value


def _one_of(value: Json, words: set[str]) -> str:
    if (text := _text(value)) not in words:
        raise Garbage("an unknown word")
    return text


def _list(value: Json, length: int | None = None) -> list[Json]:
    if not isinstance(value, list) or (length is not None and len(value) != length):
        raise Garbage("not a list of that length")
    return value


def _mapping(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise Garbage("not a mapping")
    return value


def _refuse(word: str) -> float:
    raise Garbage(f"{word} is no number") from None
