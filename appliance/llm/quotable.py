"""What of a passage may be quoted: whole sentences, and with each what it cannot stand without.

A sentence that points back (この休暇は) is quoted with the one before it, one that points ahead (次のとおり) with the
rows or items that follow, a row of a page's table with the line that names its columns.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from appliance.models import Line, Passage
from appliance.sentences import HEADING, Span, sentences

LONGEST = 600  # characters of a quotation
_SHORTEST = 2
_LONGEST_HEADING = 40
_CONTEXT = 80  # characters of what stands above, for ranking
_MOST_BACK = 3  # sentences
_ENDS = frozenset("。｡．.！？!?")
_CLOSERS = "」』）)”\"'"
_BACK = re.compile(
    r"(?:また|なお|ただし|但し)?、?(?:この|その|当該|これ|それ|同(?:条|項|号|規程|表|額|日|所|期間|様式|制度|休暇|手当|手数料|室)|上記|前項|前条|前記|本項"
    r"|ただし|但し|(?:It|This|These|They|Such|That|Those|Its|Their)\b(?! is (?:why|how)))"
)
_AHEAD = re.compile(r"次の|下の表|下記|以下の|別表|following|below|as follows|next table", re.I)
_ITEM = re.compile(r"\s*(?:[-・●○■□◆※*•]|[①-⑳]|[(（]?[0-9０-９一二三四五六七八九十ア-ン]{1,2}[)）.．]\s?)\s*\S")
_ROW = re.compile(r"[^。]{1,80}(?:: \S|\s\|\s)")
_VALUE = re.compile(r"[0-9０-９]")
_PREDICATE = re.compile(r"(?:です|ます|ません|ください|である|とする|する|ない|できる)$")
# The line under a title that says number, owner and date of a document.
_IMPRINT = (
    re.compile(r"(?:番号|No\.?|\b(?:Policy|Document|Manual|Rule|Form))\s*[:：]?\s*[\w－-]*[0-9０-９]", re.I),
    re.compile(r"所管|主管|制定者|作成者|発行者|owner\b|issued by|株式会社|co\.|ltd\.|inc\.|corp\.", re.I),
    re.compile(
        r"[0-9０-９年月日]\s*(?:改正|改訂|制定|施行|発行|版|更新)|revised|effective|version|\b[A-Z][a-z]+ 20[0-9]{2}\b"
    ),
)
_ABOUT_IMPRINT = re.compile(r"番号|所管|主管|改正|改訂|制定|施行|何版|owner|revised|version|issued|policy number", re.I)


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation: `text` stands in the passage word for word; `lead` is quoted before it, or empty.

    `own` is the sentence itself, `heading` what stands above it, `at` its place among the passage's sentences.
    """

    passage: int
    document: str  # its title
    at: int
    text: str
    own: str
    heading: str
    section: str  # the same without the document's title
    lead: str = ""


def quotable(passage: Passage, question: str) -> list[Quote]:
    """The quotations that the passage offers, in the order of its sentences."""
    return _Reading(passage, question).quotes()


class _Reading:
    """A passage's sentences with their roles."""

    def __init__(self, passage: Passage, question: str) -> None:
        self._passage = passage
        self._text = passage.chunk.text
        self._spans = sentences(self._text)
        self._tables = _Tables(passage)
        self._imprint_asked = bool(_ABOUT_IMPRINT.search(question))

    def quotes(self) -> list[Quote]:
        found: list[Quote] = []
        heading, under_heading = self._heading_before(), False
        for at, (start, end) in enumerate(self._spans):
            own = self._text[start:end]
            if self._is_heading(at):
                heading = f"{heading} {own.strip()}" if under_heading else own.strip()
                under_heading = True
                continue
            under_heading = False
            if self._may_be_quoted(at) and (quote := self._quote(at, own, heading)):
                found.append(quote)
        return found

    def _quote(self, at: int, own: str, heading: str) -> Quote | None:
        first, last = self._first(at), self._last(at)
        if first < 0:
            return None
        text = self._text[self._spans[first][0] : self._spans[last][1]]
        lead = self._lead(at)
        if not _SHORTEST <= len(text) <= LONGEST:
            return None
        above = " > ".join(dict.fromkeys(piece for piece in (self._passage.chunk.heading, heading) if piece))
        if last > at:
            own = text[: LONGEST // 2]
        section = above.removeprefix(self._passage.document.title)
        return Quote(
            self._passage.number, self._passage.document.title, at, text, own, above[-_CONTEXT:], section, lead
        )

    def _may_be_quoted(self, at: int) -> bool:
        start, end = self._spans[at]
        own = self._text[start:end]
        if self._tables.is_header(start):
            return False
        return self._imprint_asked or self._ended(at) or sum(bool(mark.search(own)) for mark in _IMPRINT) < 2

    def _first(self, at: int) -> int:
        """The sentence with which the quotation begins; -1 where what it points back to is not in the passage."""
        first = at
        while _BACK.match(self._text, *self._spans[first]):
            if first == 0 or at - first >= _MOST_BACK:
                return -1
            first -= 1
        start, end = self._spans[first][0], self._spans[at][1]
        while first > 0 and self._text.find(self._text[start:end]) != start and at - first < _MOST_BACK:
            # The same words stand earlier, under another heading perhaps: what comes before tells them apart.
            first -= 1
            start = self._spans[first][0]
        return first

    def _last(self, at: int) -> int:
        """The sentence with which it ends: rows and items belong to the sentence that announces them."""
        if not _AHEAD.search(self._text, *self._spans[at]):
            return at
        last = at
        line = self._line(at)
        while last + 1 < len(self._spans) and self._line(last + 1) == line:
            last += 1
        announced = last
        while last + 1 < len(self._spans) and self._belongs(last + 1):
            if self._spans[last + 1][1] - self._spans[at][0] > LONGEST:
                break
            last += 1
        return last if last > announced else at

    def _belongs(self, at: int) -> bool:
        start, end = self._spans[at]
        own = self._text[start:end]
        return bool(_ITEM.match(own) or _ROW.match(own) or self._tables.is_row(start))

    def _lead(self, at: int) -> str:
        span = self._tables.header_of(self._spans[at][0])
        return self._text[span[0] : span[1]].strip() if span else ""

    def _line(self, at: int) -> int:
        return self._text.count("\n", 0, self._spans[at][0])

    def _ended(self, at: int) -> bool:
        return self._text[self._spans[at][1] - 1] in _ENDS

    def _is_heading(self, at: int) -> bool:
        start, end = self._spans[at]
        alone = (start == 0 or self._text[:start].rstrip(" \u3000").endswith("\n")) and (
            end == len(self._text) or self._text[end:].lstrip(" \u3000").startswith("\n")
        )
        row = self._tables.is_row(start) or self._tables.is_header(start)
        return alone and not row and is_heading(self._text[start:end], last=at + 1 == len(self._spans))

    def _heading_before(self) -> str:
        """The last heading above the passage in its part: a page or a text file has its headings as lines."""
        if self._passage.part.kind == "sheet":
            return ""
        above = self._passage.part.text[: self._passage.chunk.span.start].rstrip("\n").split("\n")
        return next((line.strip() for line in reversed(above) if is_heading(line, last=False)), "")


def is_heading(line: str, *, last: bool) -> bool:
    """Whether a whole line is a heading: by its number, or short, without a value and without an end.

    `last`: nothing follows it, so that without a number it is taken for what it says.
    """
    line = line.strip()
    if not line or len(line) > 2 * _LONGEST_HEADING or line[-1] in _ENDS or _PREDICATE.search(line):
        return False
    if HEADING.fullmatch(line) and not re.search(r"[:：]\s|\s\|\s", line):
        return True
    plain = len(line) <= _LONGEST_HEADING or (line.isascii() and len(line) <= 2 * _LONGEST_HEADING)
    parted = re.search(r"\S[\u3000\t]\S|[:：]|\s\|\s", line)
    return not last and plain and not parted and not _VALUE.search(line) and not _ITEM.match(line)


class _Tables:
    """Tables of a page, told by the gaps in its lines: offsets in the passage's text."""

    def __init__(self, passage: Passage) -> None:
        offset, length = passage.chunk.span.start, len(passage.chunk.text)
        lines = [line for line in passage.part.lines if line.start >= offset and line.end <= offset + length]
        self._starts: list[int] = []
        self._headers: list[Span | None] = []  # by line: its table's header, None outside a table
        table: list[Line] = []
        for line in [*lines, None]:
            if line is not None and len(_columns(passage.part.text, line)) > 1:
                table.append(line)
                continue
            self._close(table, passage.part.text, offset)
            table = []

    def _close(self, table: Sequence[Line], text: str, offset: int) -> None:
        if len(table) < 2:
            return
        first = table[0]
        header = (first.start - offset, first.end - offset)
        named = not _VALUE.search(_columns(text, first)[-1]) and any(
            _VALUE.search(text[ln.start : ln.end]) for ln in table[1:]
        )
        for line in table:
            self._starts.append(line.start - offset)
            self._headers.append(header if named else None)

    def _at(self, start: int) -> int | None:
        index = bisect_right(self._starts, start) - 1
        return index if index >= 0 and self._starts[index] == start else None

    def is_row(self, start: int) -> bool:
        """Whether a row of a table begins here."""
        return self._at(start) is not None

    def is_header(self, start: int) -> bool:
        """Whether the line that names a table's columns begins here."""
        index = self._at(start)
        header = self._headers[index] if index is not None else None
        return header is not None and header[0] == start

    def header_of(self, start: int) -> Span | None:
        """The line that names the columns of the row that begins here."""
        index = self._at(start)
        header = self._headers[index] if index is not None else None
        return header if header is not None and header[0] != start else None


def _columns(text: str, line: Line) -> list[str]:
    """The cells of a line, cut where a gap stands that no space of prose makes."""
    widths = [right - left for left, right in zip(line.edges, line.edges[1:], strict=False)]
    said = text[line.start : line.end]
    solid = [width for width, character in zip(widths, said, strict=False) if not character.isspace() and width > 0]
    if not solid:
        return [said]
    limit = 1.6 * median(solid)
    cells = [""]
    for width, character in zip(widths, said, strict=False):
        if width > limit and character.isspace():
            cells.append("")
        else:
            cells[-1] += character
    return [cell for cell in cells if cell.strip()]
