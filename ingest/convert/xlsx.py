"""XLSX by openpyxl in read-only mode: stored results, merged cells filled, what the sheet hides left out and noted."""

from __future__ import annotations

import datetime
import io
import math
import posixpath
import re
import zipfile
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import openpyxl
from lxml import etree
from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from appliance.models import Part
from appliance.visible import one_line
from ingest import causes
from ingest.convert.csv import row_blocks
from ingest.convert.package import checked
from ingest.convert.plain import language_of, stem
from ingest.convert.table import TableLine, lines_of
from ingest.converted import Converted, Limits, Note
from ingest.errors import FileBroken, FileEmpty, FileTooLarge

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_MOST_MERGED = 200_000  # cells filled from merged ranges
_GRID = 3  # columns a field: from here on a sheet is grid paper
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_MOST_PADDING = 20_000_000  # cells that openpyxl makes up to reach the last one of each row


def convert(data: bytes, name: str, limits: Limits) -> Converted:
    """A part per sheet, or per block of rows; the label is `sheet!A1:F200`.

    Raises FileBroken, FileEncrypted, FileEmpty, FileTooLarge (cells are counted before any is kept).
    """
    try:
        with checked(data, name, limits) as package:
            layouts = _layouts(package, name, limits)
        return _workbook(data, name, layouts, limits)
    except (
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        SyntaxError,  # what lxml and the standard library's parser raise for XML that is none
        InvalidFileException,
    ) as error:
        # What openpyxl raises for XML that is no workbook.
        raise FileBroken(name=name, why=causes.NO_WORKBOOK) from error


def _workbook(data: bytes, name: str, layouts: Mapping[str, _Layout], limits: Limits) -> Converted:
    values = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    parts: list[Part] = []
    notes: list[Note] = []
    try:
        shown = [(sheet, layouts.get(sheet._worksheet_path, _Layout())) for sheet in values.worksheets]
        if sum(layout.cells for _, layout in shown) > limits.cells:  # sheets may share one member of the package
            raise _too_many(name, limits)
        for sheet, layout in shown:
            label = one_line(sheet.title)
            if sheet.sheet_state != "visible":
                notes.append(Note("hidden-sheet", values={"sheet": label}))
                continue
            rows = list(_rows(sheet, layout))
            if not rows:
                notes.append(Note("empty-sheet", values={"sheet": label}))
                continue
            first = len(parts) + 1
            for block_label, block in row_blocks(*_cropped(rows, label)):
                parts.append(Part(len(parts) + 1, "sheet", block_label, block))
            notes.extend(layout.notes(label, first))
        title = one_line(values.properties.title or "") or stem(name)
    finally:
        values.close()
    if not parts:
        raise FileEmpty(name=name)
    language = language_of("\n".join(part.text for part in parts))
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return Converted(title, media_type, language, tuple(parts), notes=tuple(notes))


@dataclass(slots=True)
class _Layout:
    """What a sheet's XML says beside the values. Rows and columns count from 1."""

    merged: list[tuple[int, int, int, int]] = field(
        default_factory=list
    )  # first column, first row, last column, last row
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    cells: int = 0
    unanswered: int = 0  # formulas without a stored result

    def notes(self, sheet: str, part: int) -> Iterator[Note]:
        if self.hidden_rows or self.hidden_columns:
            columns = sum(last - first + 1 for first, last in self.hidden_columns)
            counts = {"rows": str(len(self.hidden_rows)), "columns": str(columns)}
            yield Note("hidden-cells", part, {"sheet": sheet, **counts})
        if self.unanswered:
            yield Note("no-cached-value", part, {"sheet": sheet, "count": str(self.unanswered)})

    def shows_column(self, column: int) -> bool:
        return not any(first <= column <= last for first, last in self.hidden_columns)


def _layouts(package: zipfile.ZipFile, name: str, limits: Limits) -> dict[str, _Layout]:
    """By the member's path, which may be any. One pass counts the cells, before anything keeps them."""
    layouts: dict[str, _Layout] = {}
    left = limits.cells
    for member in package.namelist():
        if not _is_sheet(package, member):
            continue
        layout = layouts[member] = _Layout()
        with package.open(member) as stream:
            try:
                left = _scan(stream, layout, left)
            except etree.XMLSyntaxError as error:
                raise FileBroken(name=name, why=causes.MEMBER_NO_XML.filled(member=member)) from error
            except ValueError as error:
                raise FileBroken(name=name, why=causes.MEMBER_CELLS.filled(member=member)) from error
        if left < 0:
            raise _too_many(name, limits)
    return layouts


def _is_sheet(package: zipfile.ZipFile, member: str) -> bool:
    """By its place, or by the root of its XML: a workbook may name any member as a sheet."""
    if posixpath.dirname(member) == "xl/worksheets" and member.endswith(".xml"):
        return True
    with package.open(member) as stream:
        try:
            _, root = next(etree.iterparse(stream, events=("start",), resolve_entities=False, no_network=True))
        except (etree.XMLSyntaxError, StopIteration):
            return False
    return bool(root.tag == f"{_MAIN}worksheet")


def _too_many(name: str, limits: Limits) -> FileTooLarge:
    return FileTooLarge(name=name, what=causes.SOME_CELLS, limit=causes.many(causes.CELLS, limits.cells))


def _scan(stream: object, layout: _Layout, left: int) -> int:
    tags = tuple(_MAIN + tag for tag in ("c", "row", "col", "mergeCell"))
    row_number, spread = 0, 0
    for _, element in etree.iterparse(stream, events=("end",), tag=tags, resolve_entities=False, no_network=True):
        match element.tag.removeprefix(_MAIN):
            case "c":
                left -= 1
                layout.cells += 1
                value = element.find(_MAIN + "v")
                layout.unanswered += element.find(_MAIN + "f") is not None and (value is None or not value.text)
            case "row":
                row_number = int(element.get("r", row_number + 1))
                spread += _width(element, row_number)
                if element.get("hidden") in {"1", "true"}:
                    layout.hidden_rows.add(row_number)
                element.clear(keep_tail=False)
                while element.getprevious() is not None:
                    del element.getparent()[0]
            case "col" if element.get("hidden") in {"1", "true"}:
                layout.hidden_columns.append(
                    (int(element.get("min", 1)), min(int(element.get("max", 1)), _LAST_COLUMN))
                )
            case "mergeCell":
                layout.merged.append(range_boundaries(element.get("ref", "A1")))
        if left < 0 or spread > _MOST_PADDING:
            return -1
    return left


def _width(row: etree._Element, number: int) -> int:
    """How many cells openpyxl makes of a row, padded up to its last; ValueError for a place Excel lacks."""
    last = row[-1].get("r") if len(row) else None
    column = coordinate_to_tuple(last)[1] if last else len(row)
    if not 1 <= number <= _LAST_ROW or column > _LAST_COLUMN:
        raise ValueError(f"row {number}, column {column}")
    return column


@dataclass(frozen=True, slots=True)
class _Row:
    """A visible row: texts by column, and which of them were filled in from a merged range."""

    number: int
    cells: dict[int, str]
    filled: frozenset[int]


def _rows(sheet: ReadOnlyWorksheet, layout: _Layout) -> Iterator[_Row]:
    sheet.reset_dimensions()  # what the file claims of its size is not believed
    merged = _Merged(layout.merged)
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if not row and not merged.reaches(number):
            continue
        cells = {cell.column: text for cell in row if cell.value is not None and (text := _text(cell))}
        filled = merged.fill(number, cells)
        if number in layout.hidden_rows:
            continue
        if visible := {column: text for column, text in cells.items() if layout.shows_column(column)}:
            yield _Row(number, visible, frozenset(filled))


class _Merged:
    """Fills every cell of a merged range with the text of its first one."""

    def __init__(self, ranges: list[tuple[int, int, int, int]]) -> None:
        self._waiting = deque(sorted(ranges, key=lambda item: item[1]))
        self._open: list[tuple[tuple[int, int, int, int], str]] = []
        self._left = _MOST_MERGED

    def reaches(self, row: int) -> bool:
        """Whether a range that began above still covers the row."""
        return any(item[3] >= row for item, _ in self._open)

    def fill(self, row: int, cells: dict[int, str]) -> set[int]:
        """Add to `cells` what the ranges put into this row; the columns that were added."""
        self._open = [(item, text) for item, text in self._open if item[3] >= row]
        while self._waiting and self._waiting[0][1] <= row:
            item = self._waiting.popleft()
            if item[1] == row and (text := cells.get(item[0])):
                self._open.append((item, text))
        filled: set[int] = set()
        for (first, _, last, _), text in self._open:
            for column in range(first, last + 1):
                if column not in cells and self._left > 0:
                    cells[column] = text
                    filled.add(column)
                    self._left -= 1
        return filled


def _cropped(rows: list[_Row], sheet: str) -> tuple[list[TableLine], str, tuple[int, int]]:
    """The rows as lines, the sheet's name, and the first and last column that hold something.

    A column in which every text only repeats its left neighbour by merging is dropped: on grid-paper sheets (方眼紙)
    each field is a merged range of many narrow columns. Such a sheet is a form and has no header.
    """
    columns = sorted({column for row in rows for column in row.cells})
    kept: list[int] = []
    for column in columns:
        holding = [row for row in rows if column in row.cells]
        repeats = kept and all(column in row.filled and row.cells[column] == row.cells.get(kept[-1]) for row in holding)
        if not repeats:
            kept.append(column)
    grid = len(columns) >= _GRID * len(kept) and len(kept) > 1
    lines = lines_of([(row.number, _line(row, kept)) for row in rows], 0 if grid else None)
    return lines, sheet, (columns[0], columns[-1])


def _line(row: _Row, columns: list[int]) -> list[str]:
    own = [text for column, text in row.cells.items() if column not in row.filled]
    if len(own) == 1 and row.filled and set(row.cells.values()) == set(own):
        return own
    return [row.cells.get(column, "") for column in columns]


def _text(cell: ReadOnlyCell) -> str:
    value, form = cell.value, str(cell.number_format)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value, form)
    if isinstance(value, datetime.datetime | datetime.date) and (date := _date(value, form)):
        return date
    return shown(value)


# One section of a number format: what stands before the digits, the digits, what stands after ([MS-OI29500] 2.1.739).
_FORMAT = re.compile(r"(?P<before>[^0#?;]*)(?P<digits>[#0?][#0?,]*)(?:\.(?P<decimals>[0#?]+))?(?P<after>[^;]*)")
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|([¥￥$€£%％円()\-])|_.|\*.|\[[^\]]*\]|.')
_DATES = {"年": "{0.year}年{0.month}月{0.day}日", "/": "{0.year}/{0.month}/{0.day}"}


def _number(value: float, form: str) -> str:
    """A number with the thousands separators, decimals, percent sign and currency that its format shows."""
    match = _FORMAT.match(form)
    if not match or form == "General" or not math.isfinite(value) or re.search("[EeyYdDhH年月日/]", _bare(form)):
        return shown(value)
    before, after = _literals(match["before"]), _literals(match["after"])
    share = value * 100 if "%" in before + after else value
    decimals = match["decimals"] or ""
    comma = "," if "," in match["digits"].rstrip(",") else ""
    if match["digits"].endswith(",") or len(decimals) > 15:
        return shown(value)  # in thousands: the cell shows another number than it holds
    text = f"{share:{comma}.{len(decimals)}f}"
    least = decimals.rstrip("#?")
    while len(text) - text.find(".") - 1 > len(least) and "." in text and text.endswith("0"):
        text = text[:-1]
    text = text.removesuffix(".")
    # A rounded display must not change what is quoted: the value keeps the digits that its format hides.
    if not math.isclose(float(text.replace(",", "")), share, rel_tol=1e-9, abs_tol=1e-12):
        text = f"{share:{comma}.10g}" if abs(share) < 1e9 else shown(share)
    return f"{before}{text}{after}".strip()


def _bare(form: str) -> str:
    return re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", form)


def _literals(text: str) -> str:
    return "".join(next((group for group in match.groups() if group), "") for match in _LITERAL.finditer(text))


def _date(value: datetime.date, form: str) -> str:
    """A date without a time as 2026年4月1日 or 2026/4/1 where its format says so; empty for any other."""
    if isinstance(value, datetime.datetime) and value.time() != datetime.time():
        return ""
    if not re.search("[yYeg]", _bare(form)) or "d" not in _bare(form).lower():
        return ""
    found = next((shape for mark, shape in _DATES.items() if mark in form), "")
    return found.format(value)


def shown(value: object) -> str:
    """A cell's value as text: dates in ISO 8601, whole numbers without .0, errors by their name."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime.datetime):
        return (
            value.date().isoformat()
            if value.time() == datetime.time()
            else value.isoformat(" ", "minutes" if value.second == 0 else "seconds")
        )
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    return one_line(str(value))
