"""CSV and its kin: the delimiter found by trying, a line a row that names its columns, lines in blocks."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence

from appliance.models import Part
from appliance.visible import one_line
from ingest import causes
from ingest.convert.encoding import decode
from ingest.convert.plain import language_of, stem, without_nul
from ingest.convert.table import TableLine, lines_of
from ingest.converted import Converted, Limits, Note
from ingest.errors import FileBroken, FileEmpty, FileTooLarge

_DELIMITERS = ",\t;|"
_SAMPLE_ROWS = 50
LONGEST = 8_000  # characters of a block of rows
MOST_ROWS = 500


def convert(data: bytes, name: str, limits: Limits) -> Converted:
    """Raises TextUndecodable, FileEmpty, FileTooLarge, FileBroken (a quote that never closes)."""
    text, encoding = decode(data, name)
    text, notes = without_nul(text)
    if encoding != "utf-8":
        notes = (*notes, Note("encoding", values={"encoding": encoding}))
    rows: list[tuple[int, list[str]]] = []
    cells = 0
    for number, row in _rows(text, delimiter_of(text), name):
        cells += len(row)
        if cells > limits.cells:
            raise FileTooLarge(name=name, what=causes.SOME_CELLS, limit=causes.many(causes.CELLS, limits.cells))
        rows.append((number, [one_line(cell) for cell in row]))
    rows = [(number, row) for number, row in rows if any(row)]
    if not rows:
        raise FileEmpty(name=name)
    title = stem(name)
    blocks = row_blocks(lines_of(rows), title, (1, max(len(row) for _, row in rows)))
    parts = tuple(Part(ordinal, "sheet", label, block) for ordinal, (label, block) in enumerate(blocks, start=1))
    return Converted(title, "text/csv", language_of(text), parts, notes=notes)


def delimiter_of(text: str) -> str:
    """The character that cuts the first rows into the same number of fields, at least two; a comma when none does."""
    sample = "\n".join(text.split("\n")[: _SAMPLE_ROWS + 1])[:100_000]
    best, most = ",", 0.0
    for delimiter in _DELIMITERS:
        try:
            widths = Counter(len(row) for row in csv.reader(io.StringIO(sample), delimiter=delimiter) if row)
        except csv.Error:
            continue
        width, rows = max(widths.items(), key=lambda item: item[1], default=(1, 0))
        agreement = rows / max(1, widths.total())
        if width > 1 and agreement * min(width, 4) > most:
            best, most = delimiter, agreement * min(width, 4)
    return best


def _rows(text: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(1_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        yield from enumerate(reader, start=1)
    except csv.Error as error:
        raise FileBroken(name=name, why=causes.LINE_UNREADABLE.filled(line=reader.line_num)) from error


def row_blocks(lines: Sequence[TableLine], sheet: str, columns: tuple[int, int]) -> Iterator[tuple[str, str]]:
    """(label with the cell range, text) of blocks of lines.

    `columns` are the first and the last column of the sheet that the rows come from.
    """
    first, last = (column_name(column) for column in columns)
    block: list[TableLine] = []
    size = 0
    for line in lines:
        if block and (size + len(line.text) > LONGEST or len(block) >= MOST_ROWS):
            yield _block(block, sheet, first, last)
            block, size = [], 0
        block.append(line)
        size += len(line.text) + 1
    if block:
        yield _block(block, sheet, first, last)


def _block(lines: Sequence[TableLine], sheet: str, first: str, last: str) -> tuple[str, str]:
    return f"{sheet}!{first}{lines[0].first}:{last}{lines[-1].last}", "\n".join(line.text for line in lines)


def column_name(column: int) -> str:
    """1 is A, 27 is AA."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
