"""DOCX: paragraphs, numbered headings, lists and tables in the order of the page, as a reader sees them.

python-docx opens the package; the walk is ours, because its `Paragraph.text` has neither inserted text (tracked
changes) nor text boxes nor the numbers that Word computes (第1条).
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import docx
from docx.document import Document
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from lxml import etree

from appliance.visible import one_line
from ingest import causes
from ingest.convert.numbering import Numbering, whole
from ingest.convert.package import checked
from ingest.convert.plain import language_of, stem
from ingest.convert.sections import Outline
from ingest.converted import Converted, Limits
from ingest.errors import FileBroken, FileEmpty

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# Deleted or moved away, readings above kanji, field codes, and the older copy of what Choice holds already.
_SKIPPED = frozenset({_W + tag for tag in ("del", "moveFrom", "rt", "instrText", "delText", "pPr")} | {_MC_FALLBACK})
_BOX = _W + "txbxContent"
_MOST_NESTED = 20  # tables within tables, boxes within boxes


def convert(data: bytes, name: str, limits: Limits) -> Converted:
    """Headings (by outline level) make parts. Raises FileBroken, FileEncrypted, FileEmpty, FileTooLarge."""
    checked(data, name, limits).close()
    try:
        document = docx.Document(io.BytesIO(data))
        body = document.element.body
        styles = _Styles(document)
        numbering = Numbering(document)
    except (OpcError, KeyError, ValueError, AttributeError, etree.XMLSyntaxError) as error:
        # What python-docx raises for a package that is no Word document.
        raise FileBroken(name=name, why=causes.NO_WORD_DOCUMENT) from error
    outline = Outline(name, limits.characters)
    reader = _Reader(outline, styles, numbering, name)
    reader.blocks(body, 0)
    title = one_line(document.core_properties.title or "") or reader.title or outline.first_heading() or stem(name)
    if title.lower() in {"word document", "untitled"}:
        title = reader.title or outline.first_heading() or stem(name)
    parts = outline.parts(title)
    if not parts:
        raise FileEmpty(name=name)
    media_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    return Converted(title, media_type, language_of(outline.text()), parts)


class _Styles:
    """Outline level and numbering of each paragraph style, its ancestors' included."""

    def __init__(self, document: Document) -> None:
        self._styles = {
            style.get(qn("w:styleId")): style for style in document.styles.element.iterchildren(qn("w:style"))
        }

    def chain(self, style_id: str | None) -> Iterator[etree._Element]:
        """The style and what it is based on, nearest first."""
        seen: set[str] = set()
        while style_id is not None and style_id in self._styles and style_id not in seen:
            seen.add(style_id)
            style = self._styles[style_id]
            yield style
            based = style.find(qn("w:basedOn"))
            style_id = based.get(qn("w:val")) if based is not None else None

    def name(self, style_id: str | None) -> str:
        """The style's own name in lower case, which does not change with Word's language."""
        style = self._styles.get(style_id)
        found = style.find(qn("w:name")) if style is not None else None
        return (found.get(qn("w:val")) or "").lower() if found is not None else ""

    def property(self, paragraph: etree._Element, tag: str) -> etree._Element | None:
        """A paragraph property: the paragraph's own, else its style's."""
        own = paragraph.find(f"{_W}pPr/{tag}")
        if own is not None:
            return own
        for style in self.chain(style_of(paragraph)):
            if (found := style.find(f"{_W}pPr/{tag}")) is not None:
                return found
        return None

    def level(self, paragraph: etree._Element) -> int:
        """1 to 9 for a heading, 0 for text."""
        outline = self.property(paragraph, _W + "outlineLvl")
        level = whole(outline.get(qn("w:val")), 9) + 1 if outline is not None else 10
        if level > 9 and self.name(style_of(paragraph)).startswith("heading "):
            digit = self.name(style_of(paragraph)).removeprefix("heading ")[:1]
            level = int(digit) if digit.isdigit() else 10
        return level if 1 <= level <= 9 else 0


def style_of(paragraph: etree._Element) -> str | None:
    """The id of a paragraph's style."""
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    return style.get(qn("w:val")) if style is not None else None


class _Reader:
    def __init__(self, outline: Outline, styles: _Styles, numbering: Numbering, name: str) -> None:
        self._outline = outline
        self._styles = styles
        self._numbering = numbering
        self._name = name
        self.title = ""

    def blocks(self, container: etree._Element, depth: int) -> None:
        """Paragraphs and tables of a body, a box or a content control, in order."""
        if depth > _MOST_NESTED:
            raise FileBroken(name=self._name, why=causes.TOO_DEEP)
        for child in container.iterchildren():
            if child.tag == _W + "p":
                self._paragraph(child, depth)
            elif child.tag == _W + "tbl":
                self._outline.table(list(self._rows(child, depth)), _header_rows(child))
            elif child.tag in {_W + "sdt", _W + "sdtContent", _W + "ins", _W + "moveTo", _W + "customXml"}:
                self.blocks(child, depth + 1)

    def _paragraph(self, paragraph: etree._Element, depth: int) -> None:
        text = self._numbered(paragraph, text_of(paragraph))
        level = self._styles.level(paragraph)
        if self._styles.name(style_of(paragraph)) == "title" and not self.title:
            self.title = one_line(text)
        elif level:
            self._outline.heading(level, text)
        else:
            self._outline.block(text)
        for box in _boxes(paragraph):
            self.blocks(box, depth + 1)

    def _numbered(self, paragraph: etree._Element, text: str) -> str:
        if not text.strip():
            return ""
        numbers = self._styles.property(paragraph, _W + "numPr")
        return self._numbering.next(numbers, style_of(paragraph)) + text if numbers is not None else text

    def _rows(self, table: etree._Element, depth: int) -> Iterator[list[str]]:
        """Cells of each row; spans over columns and rows are repeated in each."""
        above: dict[int, str] = {}
        for row in table.iter(_W + "tr"):
            if next(row.iterancestors(_W + "tbl")) is not table:
                continue
            cells: list[str] = []
            for cell in _cells(row):
                text = self._cell(cell, depth)
                merge = cell.find(f"{_W}tcPr/{_W}vMerge")
                if merge is not None and merge.get(qn("w:val"), "continue") == "continue":
                    text = above.get(len(cells), text)
                span = cell.find(f"{_W}tcPr/{_W}gridSpan")
                width = whole(span.get(qn("w:val")), 1) if span is not None else 1
                for _ in range(max(1, min(width, 63))):  # Word's most columns
                    above[len(cells)] = text
                    cells.append(text)
            yield cells

    def _cell(self, cell: etree._Element, depth: int) -> str:
        if depth > _MOST_NESTED:
            raise FileBroken(name=self._name, why=causes.TOO_DEEP)
        return "\n".join(self._numbered(paragraph, text_of(paragraph)) for paragraph in cell.iter(_W + "p"))


def _header_rows(table: etree._Element) -> int | None:
    """How many first rows repeat on every page (w:tblHeader); None where the table marks none."""
    count = 0
    for row in table.iterchildren(_W + "tr"):
        mark = row.find(f"{_W}trPr/{_W}tblHeader")
        if mark is None or mark.get(qn("w:val"), "true") in {"0", "false", "off"}:
            break
        count += bool("".join(row.itertext(_W + "t")).strip())
    return count or None


def _cells(row: etree._Element) -> Iterator[etree._Element]:
    for child in row.iterchildren():
        if child.tag == _W + "tc":
            yield child
        elif child.tag == _W + "sdt":
            yield from child.iter(_W + "tc")


def _boxes(paragraph: etree._Element) -> Iterator[etree._Element]:
    """Text boxes anchored in a paragraph, outermost only, each once (Word stores a second copy for old programs)."""
    for box in paragraph.iter(_BOX):
        above = [ancestor.tag for ancestor in box.iterancestors()]
        inside = above[: above.index(_W + "p")] if _W + "p" in above else above
        if _MC_FALLBACK not in inside and next(box.iterancestors(_W + "p")) is paragraph:
            yield box


def text_of(paragraph: etree._Element) -> str:
    """What a paragraph shows: inserted text, links, results of fields; no deleted or hidden text, no readings."""
    pieces: list[str] = []
    skipped: etree._Element | None = None
    for event, element in etree.iterwalk(paragraph, events=("start", "end")):
        if skipped is not None:
            if event == "end" and element is skipped:
                skipped = None
        elif event == "start":
            if element.tag in _SKIPPED or element.tag == _BOX or (element.tag == _W + "r" and _vanishes(element)):
                skipped = element
            else:
                pieces.append(_shown(element))
    return "".join(pieces)


def _shown(element: etree._Element) -> str:
    match element.tag.removeprefix(_W) if isinstance(element.tag, str) else "":
        case "t":
            return element.text or ""
        case "tab":
            return "\t"
        case "br" | "cr":
            return "\n"
        case "noBreakHyphen":
            return "-"
        case _:
            return ""


def _vanishes(run: etree._Element) -> bool:
    vanish = run.find(f"{_W}rPr/{_W}vanish")
    return vanish is not None and vanish.get(qn("w:val"), "true") not in {"0", "false", "off"}
