"""TXT: one section, or several of whole lines when the file is long. The label tells the lines."""

from __future__ import annotations

from collections.abc import Iterator

from appliance.models import Part
from ingest import causes
from ingest.convert.encoding import decode
from ingest.convert.plain import language_of, stem, without_nul
from ingest.converted import Converted, Limits, Note
from ingest.errors import FileEmpty, FileTooLarge

LONGEST = 20_000  # characters of a part: what the portal opens at once


def convert(data: bytes, name: str, limits: Limits) -> Converted:
    """Decoded text. Raises TextUndecodable, FileEmpty, FileTooLarge."""
    text, encoding = decode(data, name)
    text, notes = without_nul(text)
    if len(text) > limits.characters:
        raise FileTooLarge(
            name=name,
            what=causes.many(causes.CHARACTERS, len(text)),
            limit=causes.many(causes.CHARACTERS, limits.characters),
        )
    if not text.strip():
        raise FileEmpty(name=name)
    if encoding != "utf-8":
        notes = (*notes, Note("encoding", values={"encoding": encoding}))
    return Converted(
        title=stem(name), media_type="text/plain", language=language_of(text), parts=tuple(_parts(text)), notes=notes
    )


def _parts(text: str) -> Iterator[Part]:
    for ordinal, (first, last, block) in enumerate(blocks_of_lines(text.replace("\f", "\n")), start=1):
        yield Part(ordinal, "section", f"L{first}–{last}", block)


def blocks_of_lines(text: str, longest: int = LONGEST) -> Iterator[tuple[int, int, str]]:
    """(first line, last line, text) of blocks of at most `longest` characters, cut at blank lines where one is near.

    A single line that is longer is cut where it must be; its pieces share its number.
    """
    block: list[str] = []
    size, first = 0, 1
    for number, line in enumerate(text.split("\n"), start=1):
        for piece in [line[i : i + longest] for i in range(0, len(line), longest)] or [""]:
            full = size + len(piece) + 1 > longest or (not piece and size > longest * 3 // 4)
            if full and block:
                yield first, number - 1 if piece is line or not piece else number, "\n".join(block)
                block, size, first = [], 0, number
            block.append(piece)
            size += len(piece) + 1
    if "".join(block).strip():
        yield first, text.count("\n") + 1, "\n".join(block)
