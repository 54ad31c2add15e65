"""Rows of a table to lines that each name their columns: `住宅ローン: 金利（％） 0.85、限度額（万円） 10,000`.

A row is found, ranked and quoted alone, so a line says what its values are. The header is in every line and has none of
its own. Lines are what a citation marks; the text of a cell is kept, only white space and a last full stop go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from appliance.sentences import sentences
from appliance.visible import one_line

_LONGEST = 400  # characters of a line; a wider row goes on in a line that begins with its name again
_LONGEST_NAME = 80
_CODE = re.compile(r".{1,2}|[A-Z]{1,2}-?[0-9]{0,3}|[0-9]{1,6}")  # says nothing without its column's name: B, G5, 甲, 12
_SAMPLE = 40  # rows that are looked at to tell whether the first one is a header
_LONGEST_HEADER = 60  # characters of a cell that can still be a column's name
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]")
# A cell that holds a value: a number with at most a unit, a date, a time.
_VALUE = re.compile(
    r"[¥￥$€£▲△+\-−±~〜約]?\s*[0-9０-９][0-9０-９,，.．:：/／\-]*\s*"
    r"(?:%|％|パーセント|円|万円|千円|億円|人|名|日|日間|年|年間|か月|ヶ月|月|時|時間|分|個|台|件|回|枚|冊|箱|本|kg|km|m|yen|"
    r"days?|hours?|years?|months?)?"
)
_PERIOD = re.compile(r"(?:FY|')?(?:19|20)[0-9]{2}(?:年|年度)?(?:[0-9]{1,2}月)?|[0-9]{1,2}月|Q[1-4]|[1-4]Q")
_STOPS = "。．.｡"

Row = tuple[int, Sequence[str]]  # the row's number in its sheet, and its cells


@dataclass(frozen=True, slots=True)
class TableLine:
    """A line and the rows that it comes from; a header's rows belong to the first line under it."""

    first: int
    last: int
    text: str


def table_lines(rows: Sequence[Sequence[str]], header: int | None = None) -> list[str]:
    """The lines of one table; `header`: how many of its first rows the format marks, None where it does not say."""
    numbered = [(number, [one_line(cell) for cell in row]) for number, row in enumerate(rows, start=1)]
    return [line.text for line in lines_of(numbered, header)]


def lines_of(rows: Sequence[Row], header: int | None = None) -> list[TableLine]:
    """The lines of the rows of a sheet. A gap in the row numbers before a caption or a header begins another table.

    A row that says one thing is a caption or a note: a line as it stands. So is each row of a table without a header.
    """
    filled = [(number, cells) for number, cells in rows if any(cells)]
    width = max((len(cells) for _, cells in filled), default=0)
    used = [column for column in range(width) if any(column < len(cells) and cells[column] for _, cells in filled)]
    even = [(number, [cells[c] if c < len(cells) else "" for c in used]) for number, cells in filled]
    lines: list[TableLine] = []
    for block in _blocks(even):
        lines.extend(_block_lines(block, header))
        header = None if header else header
    return lines


def _blocks(rows: Sequence[Row]) -> Iterator[list[Row]]:
    block: list[Row] = []
    for index, row in enumerate(rows):
        after_gap = bool(block) and row[0] > block[-1][0] + 1
        # Among rows of words alone a header cannot be told from the next row.
        anew = after_gap and any(map(_value, block[-1][1])) and header_rows(rows[index : index + _SAMPLE])
        if anew or (after_gap and _single(row[1])):
            yield block
            block = []
        block.append(row)
    if block:
        yield block


def _single(cells: Sequence[str]) -> bool:
    """Whether the row says one thing: in one cell, or in one merged over all columns."""
    said = [cell for cell in cells if cell]
    return len(cells) > 1 and (
        len(said) == 1 or (len(set(said)) == 1 == len(said) / len(cells) and not _value(said[0]))
    )


def _value(cell: str) -> bool:
    return bool(_VALUE.fullmatch(cell))


def _block_lines(block: list[Row], header: int | None) -> Iterator[TableLine]:
    at = 0
    while at < len(block) and _single(block[at][1]):
        yield TableLine(block[at][0], block[at][0], _first(block[at][1]))
        at += 1
    table = block[at:]
    marked = header_rows(table[:_SAMPLE]) if header is None else max(0, header - at)
    if not marked or marked >= len(table):
        for number, cells in table:
            yield TableLine(number, number, " | ".join(cell for cell in cells if cell))
        return
    columns = _columns([cells for _, cells in table[:marked]])
    since = table[0][0]
    name = _name_column(table[marked:])
    for number, cells in table[marked:]:
        said = [_first(cells)] if _single(cells) else list(_row_lines(cells, columns, name))
        for text in said if len(cells[name]) <= _LONGEST_NAME else [" | ".join(filter(None, cells))]:
            yield TableLine(since, number, text)
            since = number
        since = number + 1


def _first(cells: Sequence[str]) -> str:
    return next(cell for cell in cells if cell)


def header_rows(rows: Sequence[Row]) -> int:
    """How many of the first rows name the columns: 0, 1, or 2 where the first one spans several columns."""
    if len(rows) < 2 or not _names(rows[0][1], [cells for _, cells in rows[1:]]):
        return 0
    return 2 if len(rows) > 2 and _spans(rows[0][1], rows[1][1], [cells for _, cells in rows[2:]]) else 1


def _names(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether no cell is a value, unless a year or a month that stands over values of another kind."""
    if sum(map(bool, cells)) < 2 or any(len(cell) > _LONGEST_HEADER or cell.endswith("。") for cell in cells):
        return False
    for column, cell in enumerate(cells):
        if cell and _value(cell):
            under = [row[column] for row in below if row[column]]
            if column == 0 or not _PERIOD.fullmatch(cell) or any(_PERIOD.fullmatch(value) for value in under):
                return False
    return True


def _spans(first: Sequence[str], second: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether `first` groups the columns that `second` names (its merged cells repeat, or leave blanks)."""
    if not _names(second, below) or (second[0] and first[0] and second[0] != first[0]):
        return False
    repeats = any(left == right and left for left, right in pairwise(first))
    blanks = any(left and not right and second[at] for at, (left, right) in enumerate(pairwise(first), start=1))
    # A row that has nothing new where the first row says something once is a row of data.
    own = [at for at, cell in enumerate(second) if cell and cell != first[at]]
    return (repeats or blanks) and len(own) >= 2


def _columns(header: Sequence[Sequence[str]]) -> list[str]:
    """The columns' names; under a name that spans several, blanks to its right included, both names."""
    names = list(header[0])
    for row in header[1:]:
        group = ""
        for column, lower in enumerate(row):
            upper = names[column] or (group if lower else "")
            names[column] = upper if lower in {"", upper} else f"{upper} {lower}".strip()
            group = upper
    return names


def _name_column(rows: Sequence[Row]) -> int:
    """The column that names the rows: the first whose cells are no running numbers."""
    width = len(rows[0][1])
    for column in range(min(width - 1, 3)):
        values = [cells[column] for _, cells in rows if cells[column]]
        if values and not all(map(_value, values)):
            return column
    return 0


def _row_lines(cells: Sequence[str], columns: Sequence[str], name: int) -> Iterator[str]:
    japanese = bool(_JAPANESE.search("".join([*cells, *columns])))
    comma = "、" if japanese else "; "
    head = _head(cells[name], columns[name])
    line = ""
    for column, cell in enumerate(cells):
        if not cell or column == name:
            continue
        for piece, ends in _sentences_of(cell):
            said = f"{columns[column]} {piece}".strip()
            if line and len(line) + len(said) > _LONGEST:
                yield line
                line = ""
            line += f"{comma if line else head}{said}"
            if ends:  # a full stop inside would cut the row in two when it is quoted
                yield line
                line = ""
    if line:
        yield line


def _head(name: str, column: str) -> str:
    if not name:
        return ""
    if column and name != column and _CODE.fullmatch(name):
        name = f"{column} {name}"
    return f"{name.rstrip(_STOPS)}: "


def _sentences_of(cell: str) -> Iterator[tuple[str, bool]]:
    """A cell's sentences, each with whether another follows; the last one loses its full stop."""
    spans = sentences(cell)
    for number, (start, end) in enumerate(spans, start=1):
        last = number == len(spans)
        text = cell[start:end]
        yield (text.rstrip(_STOPS) or text) if last else text, not last
