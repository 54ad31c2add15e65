"""Headings and blocks of a DOCX, HTML or Markdown file to parts: one a heading, labelled with the headings above it."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.models import Part
from appliance.visible import one_line
from ingest import causes
from ingest.convert.table import table_lines
from ingest.convert.txt import blocks_of_lines
from ingest.errors import FileTooLarge

SEPARATOR = " > "
_LONGEST_HEADING = 120


class Outline:
    """Collects headings and blocks in reading order; `parts` is the result."""

    def __init__(self, name: str, characters: int) -> None:
        self._name = name
        self._left = self._limit = characters
        self._path: list[tuple[int, str]] = []
        self._sections: list[tuple[tuple[str, ...], list[str]]] = [((), [])]

    def heading(self, level: int, text: str) -> None:
        """A heading; 1 is the outermost level. It closes every section of its level and below."""
        if not (text := one_line(text)):
            return
        self._count(text)
        self._path = [item for item in self._path if item[0] < level] + [(level, text)]
        self._sections.append((tuple(title for _, title in self._path), []))

    def block(self, text: str) -> None:
        """A paragraph, a list item or other text under the last heading."""
        if text := text.strip("\n "):
            self._count(text)
            self._sections[-1][1].append(text)

    def table(self, rows: Sequence[Sequence[str]], header: int | None = None, caption: str = "") -> None:
        """A table: its caption, then a line a row that names its columns; `header` as in `table_lines`."""
        self.block("\n".join([one_line(caption), *table_lines(rows, header)]))

    def first_heading(self) -> str:
        """The first heading of the document, empty when it has none."""
        return next((path[-1] for path, _ in self._sections if path), "")

    def text(self) -> str:
        """All of it, for guessing the language."""
        return "\n".join("\n".join((*path, *blocks)) for path, blocks in self._sections)

    def parts(self, title: str) -> tuple[Part, ...]:
        """The sections with text. One without (第5条 削除) is kept by its heading, unless sections stand below it."""
        parts: list[Part] = []
        for index, (path, blocks) in enumerate(self._sections):
            following = self._sections[index + 1][0] if index + 1 < len(self._sections) else ()
            body = "\n".join(blocks)
            if not body and (not path or following[: len(path)] == path):
                continue
            label = SEPARATOR.join(piece[:_LONGEST_HEADING] for piece in path) or title
            pieces = list(blocks_of_lines(body or path[-1]))
            for number, (_, _, piece) in enumerate(pieces, start=1):
                suffix = f" ({number}/{len(pieces)})" if len(pieces) > 1 else ""
                parts.append(Part(len(parts) + 1, "section", label + suffix, piece))
        return tuple(parts)

    def _count(self, text: str) -> None:
        self._left -= len(text)
        if self._left < 0:
            raise FileTooLarge(name=self._name, what=causes.ITS_TEXT, limit=causes.many(causes.CHARACTERS, self._limit))
