"""A page's characters and boxes to running text: lines re-joined where they only wrap, every line keeping its span.

Coordinates here are points from the top left of the page as displayed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Literal, NamedTuple

from appliance.models import Line

Direction = Literal["right", "down", "up", "left"]


class Glyph(NamedTuple):
    """A character and its box. A tuple, because a page has thousands.

    `drawn`: it takes up space; blanks and what the reader inserted do not.
    """

    character: str
    left: float
    top: float
    right: float
    bottom: float
    drawn: bool

    @classmethod
    def at(cls, character: str, left: float, top: float, right: float, bottom: float) -> Glyph:
        """A glyph of this box."""
        return cls(character, left, top, right, bottom, bottom > top and right > left and not character.isspace())


@dataclass(frozen=True)
class Row:
    """Characters that stand in one line or column, in reading order; `hyphen`: the word goes on in the next row."""

    glyphs: tuple[Glyph, ...]
    direction: Direction
    hyphen: bool = False

    @cached_property
    def text(self) -> str:
        """The characters as one string."""
        return "".join(glyph.character for glyph in self.glyphs)

    @cached_property
    def start(self) -> float:
        """Where the row begins along its own direction."""
        return min(along(glyph, self.direction)[0] for glyph in self.glyphs)

    @cached_property
    def end(self) -> float:
        """Where it ends along its own direction."""
        return max(along(glyph, self.direction)[1] for glyph in self.glyphs)

    @cached_property
    def near(self) -> float:
        """Its upper side, seen along its direction; grows from row to row."""
        return min(across(glyph, self.direction)[0] for glyph in self.glyphs if glyph.drawn)

    @cached_property
    def size(self) -> float:
        """Its height, seen along its direction: about one em."""
        return max(across(glyph, self.direction)[1] for glyph in self.glyphs if glyph.drawn) - self.near

    def width_of_first_word(self) -> float:
        """How much room the first unbreakable piece takes; Japanese breaks after nearly every character.

        A mark that may not begin a line stays with what it follows (し、), an opening bracket with what follows it.
        """
        first = self.glyphs[0]
        last = first
        for glyph in self.glyphs[1:]:
            holds = glyph.character in _NO_START or last.character in _OPENING
            if not holds and (is_cjk(last.character) or is_cjk(glyph.character) or glyph.character.isspace()):
                break
            last = glyph
        return along(last, self.direction)[1] - along(first, self.direction)[0]

    def is_vertical_writing(self) -> bool:
        """Whether it is a column of Japanese; turned English (the head of a narrow table) runs down too."""
        return self.direction == "down" and sum(is_cjk(glyph.character) for glyph in self.glyphs) > 3

    def has_columns(self) -> bool:
        """Whether a gap stands inside that no space of prose makes: a row of a table."""
        ends = [along(glyph, self.direction) for glyph in self.glyphs if glyph.drawn or glyph.character == "\u3000"]
        # In a column of vertical writing the half-empty boxes of punctuation leave such gaps.
        return self.direction == "right" and any(right[0] - left[1] > 0.8 * self.size for left, right in pairwise(ends))


def along(glyph: Glyph, direction: Direction) -> tuple[float, float]:
    """A glyph's extent in reading direction."""
    match direction:
        case "right":
            return glyph.left, glyph.right
        case "down":
            return glyph.top, glyph.bottom
        case "up":
            return -glyph.bottom, -glyph.top
        case "left":
            return -glyph.right, -glyph.left


def across(glyph: Glyph, direction: Direction) -> tuple[float, float]:
    """A glyph's extent in the direction in which rows follow each other."""
    match direction:
        case "right":
            return glyph.top, glyph.bottom
        case "down":
            return -glyph.right, -glyph.left
        case "up":
            return glyph.left, glyph.right
        case "left":
            return -glyph.bottom, -glyph.top


def is_cjk(character: str) -> bool:
    """Kana, kanji and full-width forms: what wraps without a space."""
    return "\u2e80" <= character <= "\u9fff" or "\uf900" <= character <= "\uffef" or character >= "\U00020000"


# An enumerator or bullet begins a row of its own: ・ ● ■ ○ ① (1) （1） 1. 第1条 附則 ア）
_ITEM = re.compile(
    r"[・●■□○◎◆◇▪•※★☆►▶\-–—]\s?\S|[①-⑳㉑-㉟]|[(（][0-9０-９一二三四五六七八九十ア-ンa-zA-Z]{1,3}[)）]"
    r"|[0-9０-９]{1,3}[.．)）、]\D|[0-9０-９]{1,2}(?:[.．-][0-9０-９]{1,2})+[\s　]"
    r"|第[0-9０-９一二三四五六七八九十百]+[条章節項編]"
)
# Never at the start of a line by the rules of typesetting (JIS X 4051), so a row that begins with one goes on.
_NO_START = frozenset("、。，．・：；？！ヽヾゝゞ々ー」』）〕］｝〉》】’”ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ")
_OPENING = frozenset("「『（〔［｛〈《【‘“")
_NARROWEST = 14  # ems of a column of prose; shorter rows (names, cells, captions) end where they end
_RAGGED = 1.25  # ems that a wrapped Japanese line may lack beside the first word of the next
_CLOSED = frozenset("。．！？!?：:")


def wraps(row: Row, following: Row, edge: float) -> bool:
    """Whether `following` goes on with the sentence of `row`, in a block of text that ends at `edge`.

    A row was broken by wrapping when the next one's first word had no room left in it.
    """
    if row.hyphen:
        return True
    if not near_rows(row, following) or row.has_columns() or following.has_columns() or row.text[-1] in _CLOSED:
        return False
    if following.text[0] in _NO_START:
        return following.text[0] != "・"
    if _ITEM.match(following.text):
        return False
    if row.end - row.start <= _NARROWEST * row.size:
        return False
    # Where lines are not justified, their ends differ by what typesetting pushes out of the line, too.
    ragged = _RAGGED if is_cjk(row.text[-1]) and following.start <= row.start + 0.5 * row.size else 0.25
    return edge - row.end < following.width_of_first_word() + ragged * row.size


def near_rows(row: Row, following: Row) -> bool:
    """Whether two rows stand below each other as lines of one block do: same direction, size and place."""
    if row.direction != following.direction or not 0.75 < row.size / following.size < 1.33:
        return False
    return 0 < following.near - row.near < 2.4 * row.size and abs(following.start - row.start) < 3 * row.size


def joined(rows: Sequence[Row], width: float, height: float) -> tuple[str, tuple[Line, ...]]:
    """The page's text and its lines; `width` and `height` of the page turn points into 0..1."""
    pieces: list[str] = []
    lines: list[Line] = []
    offset = 0
    edges = _block_edges(rows)
    for index, row in enumerate(rows):
        if index:
            between = _between(rows[index - 1], row, edges[index - 1])
            pieces.append(between)
            offset += len(between)
        lines.extend(_lines(row, offset, width, height))
        pieces.append(row.text)
        offset += len(row.text)
    return "".join(pieces), tuple(lines)


def _between(row: Row, following: Row, edge: float) -> str:
    if not wraps(row, following, edge):
        return "\n"
    if row.hyphen:
        # The reader took the hyphen for one of syllabification; it is one of spelling before digits and capitals.
        return "" if following.text[0].islower() else "-"
    return "" if is_cjk(row.text[-1]) or is_cjk(following.text[0]) else " "


def _block_edges(rows: Sequence[Row]) -> list[float]:
    """For each row, how far the rows of its block reach: the right margin of the text."""
    edges: list[float] = []
    start = 0
    for index, row in enumerate(rows):
        if index + 1 == len(rows) or not near_rows(row, rows[index + 1]):
            reach = max(member.end for member in rows[start : index + 1])
            edges.extend([reach] * (index + 1 - start))
            start = index + 1
    return edges


def _lines(row: Row, offset: int, width: float, height: float) -> Iterator[Line]:
    if row.direction != "right" or not _advances(row):
        for index, glyph in enumerate(row.glyphs, start=offset):
            if glyph.drawn:
                sides = (_share(glyph.left, width), _share(glyph.right, width))
                yield Line(index, index + 1, _share(glyph.top, height), _share(glyph.bottom, height), sides)
        return
    drawn = [glyph for glyph in row.glyphs if glyph.drawn]
    # Overlapping boxes (kerning, bold by double printing) must not run backwards.
    lefts = accumulate([glyph.left for glyph in row.glyphs] + [row.end], max)
    edges = tuple(_share(left, width) for left in lefts)
    top, bottom = min(glyph.top for glyph in drawn), max(glyph.bottom for glyph in drawn)
    yield Line(offset, offset + len(row.glyphs), _share(top, height), _share(bottom, height), edges)


def _share(value: float, whole: float) -> float:
    share = value / whole
    return round(share, 5) if 0 < share < 1 else float(share >= 1)


def _advances(row: Row) -> bool:
    """Whether each character stands right of the one before; the runs of upside-down text do not."""
    middles = [glyph.left + glyph.right for glyph in row.glyphs if glyph.drawn]
    return all(before <= after + row.size for before, after in pairwise(middles))


def rows_of(glyphs: Sequence[Glyph | None]) -> list[Row]:
    """Glyphs in the order of the file, None where the reader saw a new line, to rows and columns."""
    rows: list[Row] = []
    run: list[Glyph] = []
    for glyph in [*glyphs, None]:
        if glyph is not None and glyph.character != "\ufffe":
            run.append(glyph)
            continue
        if trimmed := _trimmed(run):
            rows.append(Row(trimmed, _direction(trimmed), hyphen=glyph is not None))
        run = []
    return _columns(rows)


def _trimmed(run: Sequence[Glyph]) -> tuple[Glyph, ...]:
    drawn = [index for index, glyph in enumerate(run) if glyph.drawn]
    return tuple(run[drawn[0] : drawn[-1] + 1]) if drawn else ()


def _direction(run: Sequence[Glyph]) -> Direction:
    drawn = [glyph for glyph in run if glyph.drawn]
    first, last = drawn[0], drawn[-1]
    across_x = (last.left + last.right - first.left - first.right) / 2
    down_y = (last.top + last.bottom - first.top - first.bottom) / 2
    if abs(across_x) >= abs(down_y):
        return "right" if across_x >= 0 else "left"
    return "down" if down_y > 0 else "up"


def _columns(rows: Sequence[Row]) -> list[Row]:
    """Vertical writing arrives as one-glyph rows that stand under each other, or as rows running down: put together."""
    result: list[Row] = []
    for row in rows:
        if result and _continues_column(result[-1], row):
            glyphs = result[-1].glyphs + row.glyphs
            result[-1] = Row(glyphs, "down", hyphen=row.hyphen)
        else:
            result.append(row)
    return [row for run in _runs(result) for row in (run if run[0].direction == "right" else _ordered(run))]


def _runs(rows: Sequence[Row]) -> Iterator[list[Row]]:
    run: list[Row] = []
    for row in rows:
        if run and run[-1].direction != row.direction:
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _ordered(rows: Sequence[Row]) -> list[Row]:
    """Vertical and turned rows in their own reading order: PDFium gives them by their place from the left.

    Pieces of one column are put together; tiers (段) follow each other, and in a tier column follows column.
    """
    columns: list[Row] = []
    for row in sorted(rows, key=lambda item: (round(item.near / item.size), item.start)):
        last = columns[-1] if columns else None
        if last and abs(last.near - row.near) < 0.6 * row.size and -0.3 * row.size < row.start - last.end < row.size:
            columns[-1] = Row(last.glyphs + row.glyphs, row.direction, hyphen=row.hyphen)
        else:
            columns.append(row)
    tiers: list[list[Row]] = []
    for column in sorted(columns, key=lambda item: item.start):
        if tiers and column.start < min(item.end for item in tiers[-1]):
            tiers[-1].append(column)
        else:
            tiers.append([column])
    return [column for tier in tiers for column in sorted(tier, key=lambda item: item.near)]


def _continues_column(column: Row, row: Row) -> bool:
    vertical = column.direction == "down" or len(column.glyphs) == 1
    if not vertical or not (row.direction == "down" or len(row.glyphs) == 1):
        return False
    above, below = column.glyphs[-1], row.glyphs[0]
    left, right = min(glyph.left for glyph in column.glyphs), max(glyph.right for glyph in column.glyphs)
    em = max(right - left, below.right - below.left)
    inside = min(right, below.right) - max(left, below.left) > 0
    # Vertical writing is set solid; only the half-empty box of a punctuation mark leaves a gap.
    punctuation = above.character in _NO_START or below.character in _OPENING
    room = (1.0 if punctuation else 0.4) * em
    return (
        inside and is_cjk(above.character) and is_cjk(below.character) and -0.2 * em < below.top - above.bottom < room
    )


def shown_forms(character: str) -> str:
    """Ligatures, radicals and vertical forms as the characters that people type: ﬁ, ⼈, ︒ become fi, 人, 。

    Nothing else is normalised: ①, ㈱ and half-width forms are what stands on the page.
    """
    code = ord(character)
    if 0xFB00 <= code <= 0xFB06 or 0x2E80 <= code <= 0x2FDF or 0xFE10 <= code <= 0xFE19 or 0xFE30 <= code <= 0xFE48:
        return unicodedata.normalize("NFKC", character)
    return character
