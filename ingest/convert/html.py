"""HTML by lxml: headings, paragraphs, lists and tables as a reader sees them. Nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree
from lxml import html as lxml_html

from appliance.visible import one_line
from ingest import causes
from ingest.convert.encoding import decode
from ingest.convert.plain import language_of, stem, without_nul
from ingest.convert.sections import Outline
from ingest.converted import Converted, Limits, Note
from ingest.errors import FileBroken, FileEmpty

_DECLARED = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-:.]{2,40})", re.I)
_XML_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_\-:.]{2,40})[\"']", re.I)
# What browsers take these names for (WHATWG Encoding): pages say Shift_JIS and hold ① and 髙.
_MEANT = {
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "ms_kanji": "cp932",
    "x-euc-jp": "euc-jp",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
}
_DROPPED = frozenset(
    re.findall(
        r"\S+",
        "script style template noscript head title meta link object embed iframe svg math canvas audio video select "
        "datalist textarea button",
    )
)
_BLOCKS = frozenset(
    re.findall(
        r"\S+",
        "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer "
        "form header hr html legend li main nav ol p pre section summary table tbody thead tfoot tr td th caption ul",
    )
)
_AROUND = frozenset({"nav", "footer", "aside"})
_AROUND_ROLES = frozenset({"navigation", "contentinfo", "complementary"})
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)


def convert(data: bytes, name: str, limits: Limits) -> Converted:
    """Headings make parts; scripts, styles and hidden elements are left out.

    Raises TextUndecodable, FileEmpty, FileBroken (nested beyond what the parser takes), FileTooLarge.
    """
    text, encoding = decode(data, name, _declared(data))
    text, notes = without_nul(text)
    if encoding not in {"utf-8", "cp1252"}:
        notes = (*notes, Note("encoding", values={"encoding": encoding}))
    outline = Outline(name, limits.characters)
    title = read_into(outline, text, name) or outline.first_heading() or stem(name)
    parts = outline.parts(title)
    if not parts:
        raise FileEmpty(name=name)
    return Converted(title, "text/html", language_of(outline.text()), parts, notes=notes)


def _declared(data: bytes) -> str | None:
    match = _DECLARED.search(data[:4096]) or _XML_DECLARED.match(data[:400])
    if not match:
        return None
    word = match.group(1).decode("ascii").lower()
    return _MEANT.get(word, word)


def read_into(outline: Outline, text: str, name: str) -> str:
    """Add what `text`, a page or a fragment, shows to the outline; its title, empty when it has none."""
    text = re.sub(r"\A\s*<\?xml[^>]*\?>", "", text)
    if not text.strip():
        return ""
    parser = lxml_html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = lxml_html.document_fromstring(text, parser=parser)
    except etree.ParserError:
        return ""  # comments only
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FileBroken(name=name, why=causes.NO_HTML) from error
    # libxml2 stops at its depth limit and hands over what it has: half a page must not pass for a page.
    if any("depth" in entry.message.lower() for entry in parser.error_log):
        raise FileBroken(name=name, why=causes.TOO_DEEP)
    titled = root.find(".//title")
    if not _Reader(outline).read(root):
        _Reader(outline, furniture=True).read(root)  # a page that is nothing but a header, or a fragment of one
    return one_line("".join(titled.itertext())) if titled is not None else ""


class _Reader:
    """One pass over the tree by events, without recursion: depth is the file's choice."""

    def __init__(self, outline: Outline, *, furniture: bool = False) -> None:
        self._outline = outline
        self._furniture = furniture
        self._found = False
        self._text: list[str] = []
        self._level = 0
        self._preformatted = 0

    def read(self, root: etree._Element) -> bool:
        """Whether anything was there to read."""
        skipped: etree._Element | None = None
        tables: etree._Element | None = None
        for event, element in etree.iterwalk(root, events=("start", "end")):
            inside = skipped if skipped is not None else tables
            if event == "start":
                if inside is not None:
                    continue
                if self._left_out(element):
                    skipped = element
                elif element.tag == "table" and _is_data(element):
                    tables = element
                    self._flush()
                    self._table(element)
                else:
                    self._start(element)
                continue
            if inside is not None and element is not inside:
                continue
            if element is skipped:
                skipped = None
            elif element is tables:
                tables = None
            else:
                self._end(element)
            if skipped is None and tables is None and element is not root:
                self._add(element.tail)
        self._flush()
        return self._found

    def _left_out(self, element: etree._Element) -> bool:
        if _hidden(element):
            return True
        if self._furniture or not _furniture(element):
            return False
        self._flush()
        return True

    def _table(self, table: etree._Element) -> None:
        self._found = True
        caption = next(table.iterchildren("caption"), None)
        said = spaced(_cell_text(caption)) if caption is not None and not _hidden(caption) else ""
        self._outline.table(list(_rows(table)), _header_rows(table), said)

    def _start(self, element: etree._Element) -> None:
        if element.tag == "br":
            self._text.append("\n")
        elif element.tag in _HEADINGS:
            self._flush()
            self._level = _HEADINGS[element.tag]
        elif element.tag in _BLOCKS:
            self._flush()
            self._preformatted += element.tag == "pre"
            if element.tag == "li":
                self._text.append("- ")
        elif element.tag == "img" and element.get("alt"):
            self._add(element.get("alt"))
        self._add(element.text)

    def _end(self, element: etree._Element) -> None:
        if element.tag in _HEADINGS or element.tag in _BLOCKS:
            self._flush()
            self._level = 0
            self._preformatted -= element.tag == "pre"

    def _add(self, text: str | None) -> None:
        if text:
            self._text.append(text if self._preformatted else spaced(text))

    def _flush(self) -> None:
        text = "".join(self._text)
        if not self._preformatted:
            text = "\n".join(re.sub(" {2,}", " ", line).strip() for line in text.split("\n"))
        self._text = []
        if text.strip() in {"", "-"}:
            return
        self._found = True
        if self._level:
            self._outline.heading(self._level, text)
        else:
            self._outline.block(text)


def spaced(text: str) -> str:
    """White space as a browser shows it: one space; none where a source line breaks between Japanese characters."""
    text = re.sub(r"(?<=[\u3000-\u9fff\uff00-\uffef])[ \t]*\n[ \t\n]*(?=[\u3000-\u9fff\uff00-\uffef])", "", text)
    return re.sub(r"[ \t\n\r\f]+", " ", text)


def _furniture(element: etree._Element) -> bool:
    """Whether it stands around the page's content: menus, page header and footer, side notes.

    A header that holds a heading is the head of the content.
    """
    role = element.get("role", "").strip().lower()
    if element.tag == "header" or role == "banner":
        return not any(child.tag in _HEADINGS for child in element.iterdescendants())
    return element.tag in _AROUND or role in _AROUND_ROLES


def _hidden(element: etree._Element) -> bool:
    if not isinstance(element.tag, str) or element.tag in _DROPPED or element.get("hidden") is not None:
        return True
    return bool(_HIDDEN_STYLE.search(element.get("style", "")))


def _is_data(table: etree._Element) -> bool:
    """Not a table that lays out the page: those hold headings or further tables."""
    return not any(child.tag in _HEADINGS or child.tag == "table" for child in table.iterdescendants())


def _rows(table: etree._Element) -> Iterator[list[str]]:
    """The cells of each row; a cell that spans several rows or columns is repeated in each."""
    held: dict[int, tuple[int, str]] = {}  # column -> (rows still to fill, text)
    for row in table.iter("tr"):
        if _hidden(row):
            continue
        cells: list[str] = []
        for cell in row.iterchildren("td", "th"):
            if _hidden(cell):
                continue
            _fill(cells, held)
            text = spaced(_cell_text(cell)).strip()
            for _ in range(_span(cell, "colspan")):
                if (more := _span(cell, "rowspan") - 1) > 0:
                    held[len(cells)] = (more, text)
                cells.append(text)
        _fill(cells, held)
        yield cells


def _header_rows(table: etree._Element) -> int | None:
    """How many of the first rows are of a <thead> or of <th> alone; None where there is no such row."""
    count = 0
    for row in table.iter("tr"):
        if _hidden(row):
            continue
        cells = list(row.iterchildren("td", "th"))
        if row.getparent().tag != "thead" and not (cells and all(cell.tag == "th" for cell in cells)):
            break
        count += any(_cell_text(cell).strip() for cell in cells)  # as `lines_of`, which drops empty rows
    return count or None


def _fill(cells: list[str], held: dict[int, tuple[int, str]]) -> None:
    while (column := len(cells)) in held:
        rows, text = held.pop(column)
        if rows > 1:
            held[column] = (rows - 1, text)
        cells.append(text)


def _span(cell: etree._Element, attribute: str) -> int:
    word = cell.get(attribute, "1").strip()
    return min(int(word), 100) if word.isascii() and word.isdigit() and int(word) else 1


def _cell_text(cell: etree._Element) -> str:
    pieces: list[str] = []
    skipped: etree._Element | None = None
    for event, element in etree.iterwalk(cell, events=("start", "end")):
        if skipped is None and event == "start":
            if element is not cell and _hidden(element):
                skipped = element
            else:
                pieces += ["\n" if element.tag in _BLOCKS or element.tag == "br" else "", element.text or ""]
        elif event == "end":
            if element is skipped:
                skipped = None
            if skipped is None and element is not cell:
                pieces.append(element.tail or "")
    return "".join(pieces)
