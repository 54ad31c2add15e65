"""Text on a terminal, where a Japanese character is two columns wide and a line may end after almost any of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby

import click

# What may not begin a line, and what may not end one (JIS X 4051, the common part).
_NOT_FIRST = set("、。，．・：；？！）］｝」』】〉》〕ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々,.:;?!)]}")
_NOT_LAST = set("（［｛「『【〈《〔([{")


def width(text: str) -> int:
    """How many columns the text takes; characters that are wide in East Asian writing take two (UAX #11)."""
    return sum(_width(character) for character in text)


def wrapped(text: str, columns: int, *, first: str = "", rest: str = "") -> str:
    """One paragraph in lines of at most `columns`; the first begins with `first`, every other with `rest`."""
    lines: list[str] = []
    line = first
    for piece in _pieces(" ".join(text.split())):
        begun = line not in (first if not lines else rest, "")
        if begun and width(line + piece.rstrip()) > columns:
            lines.append(line.rstrip())
            line = rest + piece.lstrip()
        else:
            line += piece
    return "\n".join([*lines, line.rstrip()])


class Formatter(click.HelpFormatter):
    """click's, for text with wide characters; any other goes click's own way."""

    def write_text(self, text: str) -> None:
        """Paragraphs, each wrapped."""
        if not _has_wide(text):
            super().write_text(text)
            return
        indent = " " * self.current_indent
        paragraphs = [wrapped(part, self.width, first=indent, rest=indent) for part in text.split("\n\n")]
        self.write("\n\n".join(paragraphs) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Options or commands, each with what it is for."""
        rows = list(rows)
        if not any(_has_wide(first + second) for first, second in rows):
            super().write_dl(rows, col_max, col_spacing)
            return
        indent = " " * self.current_indent
        column = min(max(width(first) for first, _ in rows), col_max) + col_spacing
        rest = indent + " " * column
        for first, second in rows:
            head = f"{indent}{first}"
            if width(first) > col_max:
                self.write(f"{head}\n")
                head = ""
            self.write(wrapped(second, self.width, first=head + " " * (width(rest) - width(head)), rest=rest) + "\n")


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _has_wide(text: str) -> bool:
    return any(_width(character) == 2 for character in text)


def _pieces(text: str) -> Iterator[str]:
    """What is never broken: a word with its space before it, a wide character, and what must stay beside either."""
    glued = ""
    for piece in _words(text):
        if glued and (piece[0] in _NOT_FIRST or glued[-1] in _NOT_LAST):
            glued += piece
            continue
        if glued:
            yield glued
        glued = piece
    if glued:
        yield glued


def _words(text: str) -> Iterator[str]:
    space = ""
    for kind, group in groupby(text, key=lambda character: " " if character == " " else _width(character) == 2):
        run = "".join(group)
        if kind == " ":
            space = run
            continue
        for piece in run if kind is True else [run]:
            yield space + piece
            space = ""
