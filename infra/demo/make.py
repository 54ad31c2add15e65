"""Makes the binary half of the sample corpus from `source/`: run by hand, its results are committed.

    uv pip install -p .venv/bin/python fonttools      # besides the test group
    .venv/bin/python infra/demo/make.py [PART OF A PATH]

PDF through Chromium with Noto CJK, DOCX, XLSX, text in Japanese encodings, one scanned page, one broken file. Texts
that need no making (Markdown, HTML, CSV, UTF-8) are written straight into `corpus/`. Dates inside the files are fixed,
so that the same libraries and fonts give the same bytes, except for what Chromium itself changes between its versions.
The glyphs inside the PDFs are a subset of Noto Sans CJK JP (SIL Open Font License 1.1, which allows embedding).
"""

from __future__ import annotations

import io
import random
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import docx
import pypdfium2 as pdfium
from docx.shared import Pt
from markdown_it import MarkdownIt
from markdown_it.token import Token
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from PIL import Image, ImageDraw, ImageFilter, ImageFont

HERE = Path(__file__).parent
SOURCE, CORPUS = HERE / "source", HERE / "corpus"
MADE = datetime(2026, 4, 1, 9, 0, 0)
FONT_FOLDER = Path("/usr/share/fonts/opentype/noto")
MARKDOWN = MarkdownIt("commonmark").enable("table")

CSS = """
@font-face { font-family: demo; src: url(400.ttf); }
@font-face { font-family: demo; font-weight: 700; src: url(700.ttf); }
@page { size: A4; margin: 20mm 22mm; }
body { font: 11.5pt/1.85 demo; color: #111; margin: 0; }
h1 { font-size: 19pt; margin: 0 0 4mm; } h2 { font-size: 14pt; margin: 7mm 0 2mm; }
h3 { font-size: 11.5pt; margin: 4mm 0 1mm; } p { margin: 0 0 2.5mm; }
table { border-collapse: collapse; margin: 2mm 0 4mm; } th, td { border: .3mm solid #555; padding: 1mm 4mm; }
th { background: #eee; text-align: left; } hr { break-after: page; border: 0; margin: 0; }
"""
FONTS = {"400": "NotoSansCJK-Regular.ttc", "700": "NotoSansCJK-Bold.ttc"}
CHROMIUM = [
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-pdf-header-footer",
    "--disable-pdf-tagging",
]


def _font(collection: str, characters: str, target: Path) -> None:
    """The characters of one weight of Noto Sans CJK JP as TrueType.

    Chromium embeds OpenType outlines (CFF) as Type 3, one drawing a glyph: ten times the size, and character boxes that
    are not those of a font. TrueType outlines it embeds as a font.
    """
    # By name: no environment of the project holds fonttools, and nothing but this script, run by hand, needs it.
    subset, tables = import_module("fontTools.subset"), import_module("fontTools.ttLib")
    quadratic, glyph_pen = import_module("fontTools.pens.cu2quPen"), import_module("fontTools.pens.ttGlyphPen")
    font = tables.TTFont(FONT_FOLDER / collection, fontNumber=0, recalcTimestamp=False)
    options = subset.Options(layout_features=[], notdef_outline=True, hinting=False, desubroutinize=True)
    cut = subset.Subsetter(options)
    cut.populate(text=characters)
    cut.subset(font)
    glyphs = font.getGlyphSet()
    outlines = {}
    for name in font.getGlyphOrder():
        pen = glyph_pen.TTGlyphPen(None)
        glyphs[name].draw(quadratic.Cu2QuPen(pen, max_err=1.0, reverse_direction=True))
        outlines[name] = pen.glyph()
    font["glyf"], font["loca"] = tables.newTable("glyf"), tables.newTable("loca")
    font["glyf"].glyphOrder, font["glyf"].glyphs = font.getGlyphOrder(), outlines
    maximum = font["maxp"]
    maximum.tableVersion = 0x00010000
    maximum.maxZones, maximum.maxTwilightPoints, maximum.maxStorage, maximum.maxComponentElements = 1, 0, 0, 0
    maximum.maxFunctionDefs = maximum.maxInstructionDefs = maximum.maxStackElements = 0
    maximum.maxSizeOfInstructions = maximum.maxComponentDepth = 0
    font["head"].glyphDataFormat = 0
    for table in ("CFF ", "VORG", "vmtx", "vhea"):
        if table in font:
            del font[table]
    font["post"].formatType = 3.0
    font.sfntVersion = "\x00\x01\x00\x00"
    font.save(target)


def pdf(source: Path, target: Path) -> None:
    """A text PDF; `---` begins a page."""
    text = source.read_text("utf-8")
    language = "ja" if re.search("[ぁ-ん]", text) else "en"
    title = text.splitlines()[0].lstrip("# ")
    page = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{CSS}</style><body>{MARKDOWN.render(text)}</body></html>"
    )
    with tempfile.TemporaryDirectory() as room:
        for weight, collection in FONTS.items():
            _font(collection, text + ".•", Path(room) / f"{weight}.ttf")
        (Path(room) / "page.html").write_text(page, "utf-8")
        where = [f"--user-data-dir={room}/profile", f"--print-to-pdf={room}/page.pdf", f"file://{room}/page.html"]
        subprocess.run([*CHROMIUM, *where], check=True, capture_output=True)
        made = (Path(room) / "page.pdf").read_bytes()
    target.write_bytes(_dated(made))


def _dated(made: bytes) -> bytes:
    """The same PDF with fixed dates and a fixed id, as long as before: its table of offsets still holds."""
    made = re.sub(
        rb"/ID ?\[ ?<(\w+)> ?<(\w+)> ?\]",
        lambda found: re.sub(rb"<\w+>", lambda id_: b"<" + b"0" * (len(id_[0]) - 2) + b">", found[0]),
        made,
    )
    return re.sub(rb"D:\d{14}", b"D:" + MADE.strftime("%Y%m%d%H%M%S").encode(), made)


def word(source: Path, target: Path) -> None:
    """A DOCX with headings, paragraphs, lists and tables of its own styles."""
    document = docx.Document()
    document.styles["Normal"].font.name = "Yu Gothic"
    document.styles["Normal"].font.size = Pt(10.5)
    tokens = MARKDOWN.parse(source.read_text("utf-8"))
    rows: list[list[str]] = []
    for before, token in pairwise(tokens):
        if before.type == "tr_open":
            rows.append([])
        if token.type == "inline":
            _word_block(document, before, token.content, rows, in_list=token.level > 2)
        if token.type == "table_close":
            _word_table(document, rows)
            rows = []
    document.core_properties.title = tokens[1].content
    document.core_properties.author = "あさなぎ銀行"
    document.core_properties.created = document.core_properties.modified = MADE
    buffer = io.BytesIO()
    document.save(buffer)
    target.write_bytes(_undated(buffer.getvalue()))


def _word_block(
    document: docx.document.Document, before: Token, text: str, rows: list[list[str]], in_list: bool
) -> None:
    if before.type in {"th_open", "td_open"}:
        rows[-1].append(text)
    elif before.type == "heading_open":
        document.add_heading(text, level=int(before.tag[1]) - 1)
    else:
        document.add_paragraph(text, style="List Bullet" if in_list else "Normal")


def _word_table(document: docx.document.Document, rows: list[list[str]]) -> None:
    table = document.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text


def sheets(source: Path, target: Path) -> None:
    """An XLSX: each `## name` of the source is a sheet, tables become cells (numbers as numbers), text a merged row."""
    book = Workbook()
    book.remove(book.active)
    for section in source.read_text("utf-8").split("\n## ")[1:]:
        name, _, body = section.partition("\n")
        sheet = book.create_sheet(name.strip())
        for line in filter(None, map(str.strip, body.splitlines())):
            if set(line) <= set("|-"):
                for cell in sheet[sheet.max_row]:
                    cell.font = Font(bold=True)
            elif line.startswith("|"):
                texts = [cell.strip() for cell in line.strip("|").split("|")]
                sheet.append([_number(text) for text in texts])
                for cell, text in zip(sheet[sheet.max_row], texts, strict=False):
                    if not isinstance(cell.value, str):
                        cell.number_format = ("#,##0" if "," in text else "0") + "." * ("." in text)
                        cell.number_format += "0" * len(text.partition(".")[2])
            else:
                sheet.append([line])
                sheet.merge_cells(start_row=sheet.max_row, end_row=sheet.max_row, start_column=1, end_column=6)
                sheet.cell(sheet.max_row, 1).alignment = Alignment(wrap_text=True, vertical="top")
        for column in "ABCDEF":
            sheet.column_dimensions[column].width = 18
    book.properties.creator, book.properties.title = "あさなぎ銀行", target.stem
    book.properties.created = book.properties.modified = MADE
    buffer = io.BytesIO()
    book.save(buffer)
    target.write_bytes(_undated(buffer.getvalue()))


def _number(text: str) -> str | int | float:
    for pattern, kind in ((r"-?\d{1,3}(,\d{3})+|-?\d+", int), (r"-?\d+\.\d+", float)):
        if re.fullmatch(pattern, text):
            return kind(text.replace(",", ""))
    return text


def _undated(archive: bytes) -> bytes:
    """The same ZIP with fixed times, and with openpyxl's own `modified` replaced."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "docProps/core.xml":
                data = re.sub(
                    rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + f"{MADE:%Y-%m-%dT%H:%M:%SZ}".encode(), data
                )
            new.writestr(zipfile.ZipInfo(name, (2026, 4, 1, 9, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def encoded(encoding: str) -> Callable[[Path, Path], None]:
    """Plain text in an encoding, with CRLF as Windows writes it; a character it lacks stops the run."""

    def write(source: Path, target: Path) -> None:
        target.write_bytes(source.read_text("utf-8").replace("\n", "\r\n").encode(encoding))

    return write


def with_scan(source: Path, target: Path) -> None:
    """A text PDF with a picture of `NAME.scan.txt` as page 2: slightly turned, grey, without text."""
    pdf(source, target)
    lines = source.with_suffix(".scan.txt").read_text("utf-8").splitlines()
    scan = _scanned(lines)
    whole, picture = pdfium.PdfDocument(target), pdfium.PdfDocument(scan)
    whole.import_pages(picture, index=1)
    buffer = io.BytesIO()
    whole.save(buffer)
    target.write_bytes(_dated(buffer.getvalue()))


def _scanned(lines: list[str]) -> bytes:
    page = Image.new("L", (827, 1169), 250)
    draw = ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        size = 34 if number == 0 else 20
        draw.text(
            (80, 90 + 42 * number),
            line,
            fill=45,
            font=ImageFont.truetype(FONT_FOLDER / "NotoSerifCJK-Regular.ttc", size),
        )
    draw.rectangle((60, 70, 767, 1090), outline=90, width=2)
    page = page.rotate(0.7, fillcolor=245, resample=Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(0.6))
    dice = random.Random(14)  # noqa: S311 - specks of dust, not a secret
    for _ in range(160):
        page.putpixel((dice.randrange(827), dice.randrange(1169)), 120)
    buffer = io.BytesIO()
    page.save(buffer, "PDF", resolution=100, quality=55, creationDate=MADE.timetuple(), modDate=MADE.timetuple())
    return buffer.getvalue()


def broken(source: Path, target: Path) -> None:
    """A PDF that a copy stopped halfway has cut: no cross-reference table, no page tree."""
    pdf(source, target)
    target.write_bytes(target.read_bytes()[:6000])


MADE_BY: dict[str, Callable[[Path, Path], None]] = {
    "rules/旅費規程.pdf": pdf,
    "rules/慶弔見舞金規程.docx": word,
    "rules/地震対応マニュアル.pdf": with_scan,
    "hr/人事評価・賞与規程.pdf": pdf,
    "hr/育児・介護休業の手引き.docx": word,
    "hr/給与テーブル.xlsx": sheets,
    "it/Information_Security_Policy.pdf": pdf,
    "it/アカウント管理基準.txt": encoded("cp932"),
    "it/サーバー室入退室要領.txt": encoded("euc_jp"),
    "it/機器台帳_2025.pdf": broken,
    "lending/融資審査基準.docx": word,
    "lending/融資金利表.xlsx": sheets,
}


def main() -> None:
    """Make everything, or what has the first argument in its path; print the size of each."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    for path, make in MADE_BY.items():
        if wanted in path:
            make((SOURCE / path).with_suffix(".md"), CORPUS / path)
            print(f"{(CORPUS / path).stat().st_size:8,d}  {path}")


if __name__ == "__main__":
    main()
