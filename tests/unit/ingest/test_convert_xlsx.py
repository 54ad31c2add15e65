"""XLSX: the stored values, the cell range that is cited, and workbooks made to exhaust their reader."""

import datetime
import io
import zipfile

import pytest
from openpyxl.styles.numbers import FORMAT_PERCENTAGE_00

from ingest.convert.xlsx import convert, shown
from ingest.converted import Limits
from ingest.errors import FileBroken, FileEmpty, FileTooLarge
from tests.unit.ingest.making import repacked, workbook

LIMITS = Limits()


def read(fill, limits=LIMITS):
    return convert(workbook(fill), "売上表.xlsx", limits)


def parts(document):
    return [(part.label, part.text) for part in document.parts]


def test_a_sheet_is_a_part_with_its_cell_range():
    def fill(book):
        book.active.title = "売上"
        book.active["B2"], book.active["C2"] = "区分", "金額"
        book.active["B3"], book.active["C3"] = "甲", 1200.0
        second = book.create_sheet("経費")
        second.append(["費目", "額"])

    document = read(fill)

    assert parts(document) == [("売上!B2:C3", "区分 甲: 金額 1200"), ("経費!A1:B1", "費目 | 額")]
    assert (document.title, document.language, document.parts[0].kind) == ("売上表", "ja", "sheet")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime.date(2025, 4, 1), "2025-04-01"),
        (datetime.datetime(2025, 4, 1, 9, 30), "2025-04-01 09:30"),
        (datetime.datetime(2025, 4, 1, 9, 30, 15), "2025-04-01 09:30:15"),
        (datetime.time(9, 30), "09:30:00"),
        (True, "TRUE"),
        (1200.0, "1200"),
        (0.1 + 0.2, "0.3"),
        (1e20, "1e+20"),
        (-3, "-3"),
        ("a\nb", "a b"),
        ("髙橋①㈱", "髙橋①㈱"),
        ("evil\u202e", "evil⟨U+202E⟩"),
    ],
)
def test_values_are_shown_as_text(value, text):
    assert shown(value) == text


def test_dates_and_percentages_read_as_the_sheet_shows_them():
    def fill(book):
        book.active.append(["日付", "率"])
        book.active.append([datetime.datetime(2025, 4, 1), 0.125])
        book.active["B2"].number_format = FORMAT_PERCENTAGE_00

    assert parts(read(fill)) == [("Sheet!A1:B2", "2025-04-01: 率 12.50%")]


def test_stored_results_are_read_and_not_formulas():
    def fill(book):
        book.active.append(["計", 3])

    plain = workbook(fill)
    with zipfile.ZipFile(io.BytesIO(plain)) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
    computed = sheet.replace("<v>3</v>", "<f>SUM(1,2)</f><v>3</v>")
    assert computed != sheet

    document = convert(repacked(plain, {"xl/worksheets/sheet1.xml": computed}), "x.xlsx", LIMITS)

    assert parts(document) == [("Sheet!A1:B1", "計 | 3")]
    assert document.notes == ()


def test_formulas_without_a_stored_result_are_noted():
    document = read(lambda book: book.active.append(["計", "=SUM(1,2)"]))

    assert parts(document) == [("Sheet!A1:A1", "計")]
    assert [(note.code, note.values["count"]) for note in document.notes] == [("no-cached-value", "1")]


def test_merged_cells_are_filled_downwards():
    def fill(book):
        for row in [["部署", "氏名"], ["総務", "鈴木"], [None, "佐藤"], [None, "田中"], ["営業", "高橋"]]:
            book.active.append(row)
        book.active.merge_cells("A2:A4")

    assert (
        parts(read(fill))[0][1]
        == "部署 総務: 氏名 鈴木\n部署 総務: 氏名 佐藤\n部署 総務: 氏名 田中\n部署 営業: 氏名 高橋"
    )


def test_a_header_in_two_rows_is_filled_sideways():
    def fill(book):
        for row in [["区分", "日数", None], [None, "初年", "翌年"], ["正社員", 10, 20]]:
            book.active.append(row)
        book.active.merge_cells("A1:A2")
        book.active.merge_cells("B1:C1")

    assert parts(read(fill))[0][1] == "正社員: 日数 初年 10、日数 翌年 20"


def test_grid_paper_is_read_as_its_fields():
    def fill(book):
        sheet = book.active
        for row in range(1, 4):
            for field in range(3):
                first = 1 + field * 8
                sheet.cell(row, first, f"欄{row}-{field + 1}")
                sheet.merge_cells(start_row=row, end_row=row, start_column=first, end_column=first + 7)

    assert parts(read(fill)) == [("Sheet!A1:X3", "欄1-1 | 欄1-2 | 欄1-3\n欄2-1 | 欄2-2 | 欄2-3\n欄3-1 | 欄3-2 | 欄3-3")]


def test_a_title_over_the_whole_width_is_said_once():
    def fill(book):
        book.active["A1"] = "出張旅費一覧"
        book.active.merge_cells("A1:C1")
        book.active.append(["区分", "日当", "宿泊"])

    assert parts(read(fill))[0][1] == "出張旅費一覧\n区分 | 日当 | 宿泊"


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_sheets_are_left_out_and_noted(state):
    def fill(book):
        book.active["A1"] = "見える"
        secret = book.create_sheet("秘密")
        secret["A1"] = "見えない"
        secret.sheet_state = state

    document = read(fill)

    assert parts(document) == [("Sheet!A1:A1", "見える")]
    assert document.notes[0].text("ja") == "非表示のシート 秘密 は取り込んでいません。"


def test_hidden_rows_and_columns_are_left_out_and_noted():
    def fill(book):
        for row in [["氏名", "給与", "部署"], ["鈴木", 100, "総務"], ["佐藤", 200, "営業"]]:
            book.active.append(row)
        book.active.column_dimensions["B"].hidden = True
        book.active.row_dimensions[2].hidden = True

    document = read(fill)

    assert parts(document) == [("Sheet!A1:C3", "氏名 佐藤: 部署 営業")]
    assert document.notes[0].text("en") == "Sheet Sheet: 1 hidden rows and 1 hidden columns were left out."


def test_readings_above_kanji_are_no_text():
    def fill(book):
        book.active["A1"] = "東京"

    plain = workbook(fill)
    strings = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="1" uniqueCount="1">'
        '<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si></sst>'
    )

    document = convert(repacked(plain, {"xl/sharedStrings.xml": strings}), "x.xlsx", LIMITS)

    assert parts(document) == [("Sheet!A1:A1", "東京")]


def test_a_large_sheet_is_cut_into_blocks_and_every_row_names_its_columns():
    def fill(book):
        book.active.append(["番号", "氏名"])
        for number in range(1, 1201):
            book.active.append([number, f"社員{number}"])

    document = read(fill)

    assert len(document.parts) >= 3
    for part in document.parts[1:]:
        first = int(part.label.split("!A")[1].split(":")[0])
        assert part.text.split("\n")[0].endswith(f": 氏名 社員{first - 1}")
    rows = [line for part in document.parts for line in part.text.split("\n")]
    assert [row.rpartition("員")[2] for row in rows] == [str(number) for number in range(1, 1201)]


def test_empty_sheets_are_noted_and_an_empty_workbook_is_refused():
    def fill(book):
        book.active["A1"] = "甲"
        book.create_sheet("空")

    assert [note.code for note in read(fill).notes] == ["empty-sheet"]
    with pytest.raises(FileEmpty, match=r"売上表\.xlsx holds no text"):
        read(lambda book: None)


def test_the_title_is_the_workbook_s_own():
    def fill(book):
        book.properties.title = "2025年度 売上"
        book.active["A1"] = "x"

    assert read(fill).title == "2025年度 売上"


# --- hostile ---------------------------------------------------------------------------------------------------------


def sheet_xml(rows):
    return (
        '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + rows
        + "</sheetData></worksheet>"
    )


def with_rows(rows):
    return repacked(workbook(lambda book: None), {"xl/worksheets/sheet1.xml": sheet_xml(rows)})


def test_six_million_cells_are_refused_after_the_limit():
    data = with_rows("".join("<row>" + "<c><v>1</v></c>" * 1_000 + "</row>" for _ in range(6_000)))
    assert len(data) < 400_000

    with pytest.raises(FileTooLarge, match="cells over the limit of 500000 cells"):
        convert(data, "x.xlsx", LIMITS)


def test_cells_of_hidden_sheets_count_too():
    def fill(book):
        for _ in range(30):
            book.active.append([1] * 10)
        book.active.sheet_state = "hidden"
        book.create_sheet("見える")["A1"] = 1

    with pytest.raises(FileTooLarge, match="cells over the limit of 100 cells"):
        read(fill, Limits(cells=100))


def test_a_last_column_in_every_row_is_refused_before_it_is_padded():
    data = with_rows("".join(f'<row r="{row}"><c r="XFD{row}"><v>1</v></c></row>' for row in range(1, 5_001)))

    with pytest.raises(FileTooLarge, match="cells over the limit"):
        convert(data, "x.xlsx", LIMITS)


@pytest.mark.parametrize("row", ["2147483647", "1048577", "0", "-5", "x", "9" * 40])
def test_a_row_that_excel_does_not_have_is_refused(row):
    with pytest.raises(FileBroken, match="impossible cell addresses"):
        convert(with_rows(f'<row r="{row}"><c><v>1</v></c></row>'), "x.xlsx", LIMITS)


@pytest.mark.parametrize("cell", ["ZZZZ1", "XFE1", "1A", "A", "Ａ1"])
def test_a_column_that_excel_does_not_have_is_refused(cell):
    with pytest.raises(FileBroken, match=r"impossible cell addresses|no valid workbook"):
        convert(with_rows(f'<row r="1"><c r="{cell}"><v>1</v></c></row>'), "x.xlsx", LIMITS)


def test_a_merge_over_the_whole_sheet_fills_no_million_cells():
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>甲</t></is></c></row><row r="1000"><c r="A1000"><v>1</v></c></row>'
    )
    xml = sheet_xml(rows).replace(
        "</sheetData>", '</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    )

    document = convert(repacked(workbook(lambda book: None), {"xl/worksheets/sheet1.xml": xml}), "x.xlsx", LIMITS)

    lines = document.parts[0].text.split("\n")
    assert lines[0] == "甲"
    assert lines[-1].startswith("1")
    assert len(lines) < 20  # 200,000 cells are 13 rows of this width


@pytest.mark.parametrize("member", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_a_member_that_is_no_xml_is_refused(member):
    data = repacked(workbook(lambda book: book.active.append([1])), {member: "<not closed"})

    with pytest.raises(FileBroken, match=r"x\.xlsx is damaged or incomplete"):
        convert(data, "x.xlsx", LIMITS)


def sheet_elsewhere(content, place="sheet1.bin", before=lambda book: None):
    """A workbook whose first sheet stands in a member of another name, as a workbook may say."""
    plain = workbook(before)
    with zipfile.ZipFile(io.BytesIO(plain)) as package:
        types = package.read("[Content_Types].xml").decode().replace("worksheets/sheet1.xml", f"worksheets/{place}")
        relations = package.read("xl/_rels/workbook.xml.rels").decode().replace("sheet1.xml", place)
    changes = {"[Content_Types].xml": types, "xl/_rels/workbook.xml.rels": relations}
    return repacked(plain, {**changes, f"xl/worksheets/{place}": content})


ROW = '<row r="1"><c r="A1" t="inlineStr"><is><t>text{0}</t></is></c></row>'


def test_a_sheet_in_a_member_of_any_name_is_read():
    assert convert(sheet_elsewhere(sheet_xml(ROW.format(""))), "x.xlsx", LIMITS).parts[0].text == "text"


@pytest.mark.parametrize("content", ["<not closed", "no XML", sheet_xml(ROW.format("&x;"))])
def test_a_sheet_of_any_name_that_is_no_xml_is_refused(content):
    with pytest.raises(FileBroken, match=r"x\.xlsx is damaged or incomplete"):
        convert(sheet_elsewhere(content), "x.xlsx", LIMITS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-7"])
def test_a_document_type_hides_behind_no_name_of_a_sheet(encoding):
    declared = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY x "expanded">]>'
    text = sheet_xml(ROW.format("&x;")).replace('<?xml version="1.0"?>', declared)
    content = text.replace("<!", "+ADwAIQ-").encode() if encoding == "utf-7" else text.encode(encoding)

    with pytest.raises(FileBroken, match=r"sheet1\.bin (declares a document type|is XML in the encoding utf-7)"):
        convert(sheet_elsewhere(content), "x.xlsx", LIMITS)


def test_cells_are_counted_in_a_sheet_of_any_name():
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, 12))

    with pytest.raises(FileTooLarge, match="cells over the limit of 10 cells"):
        convert(sheet_elsewhere(sheet_xml(rows)), "x.xlsx", Limits(cells=10))


def test_a_member_that_many_sheets_share_counts_for_each():
    def fill(book):
        book.active.append([1, 2, 3, 4])
        book.create_sheet("b").append([1])
        book.create_sheet("c").append([1])

    plain = workbook(fill)
    with zipfile.ZipFile(io.BytesIO(plain)) as package:
        relations = package.read("xl/_rels/workbook.xml.rels").decode()
    shared = relations.replace("sheet2.xml", "sheet1.xml").replace("sheet3.xml", "sheet1.xml")
    data = repacked(plain, {"xl/_rels/workbook.xml.rels": shared})

    assert len(convert(data, "x.xlsx", Limits(cells=12)).parts) == 3
    with pytest.raises(FileTooLarge, match="cells over the limit of 11 cells"):
        convert(data, "x.xlsx", Limits(cells=11))
