"""DOCX: what Word shows, in its order, with the numbers that Word computes."""

import io
import zipfile

import pytest

from ingest.convert.docx import convert
from ingest.convert.numbering import FORMATS, kanji
from ingest.converted import Limits
from ingest.errors import FileBroken, FileEmpty, FileTooLarge
from tests.unit.ingest.making import document, document_xml, repacked

LIMITS = Limits()


def sections(data, name="規程.docx"):
    return [(part.label, part.text) for part in convert(data, name, LIMITS).parts]


def body(xml):
    """The text of a document with this body."""
    return "\n".join(text for _, text in sections(document_xml(xml)))


def p(runs):
    return f"<w:p>{runs}</w:p>"


def r(text, properties=""):
    return f"<w:r>{properties}<w:t xml:space='preserve'>{text}</w:t></w:r>"


def test_headings_make_sections_and_title_style_is_the_title():
    def fill(new):
        new.add_heading("情報管理規程", 0)
        new.add_paragraph("前文。")
        new.add_heading("総則", 1)
        new.add_paragraph("本文。")
        new.add_heading("目的", 2)
        new.add_paragraph("この規程は定める。")
        new.add_heading("附則", 1)
        new.add_paragraph("施行する。")

    result = convert(document(fill), "x.docx", LIMITS)

    assert (result.title, result.language) == ("情報管理規程", "ja")
    assert [(part.ordinal, part.kind, part.label, part.text) for part in result.parts] == [
        (1, "section", "情報管理規程", "前文。"),
        (2, "section", "総則", "本文。"),
        (3, "section", "総則 > 目的", "この規程は定める。"),
        (4, "section", "附則", "施行する。"),
    ]


def test_the_title_property_wins_and_the_file_s_name_is_last():
    def fill(new):
        new.core_properties.title = "個人情報取扱規程"
        new.add_paragraph("本文。")

    assert convert(document(fill), "x.docx", LIMITS).title == "個人情報取扱規程"
    assert convert(document(lambda new: new.add_paragraph("本文。")), "a/規程.docx", LIMITS).title == "規程"


def test_tables_stand_where_they_stand_and_spans_are_repeated():
    def fill(new):
        new.add_paragraph("表の前")
        table = new.add_table(3, 3)
        for row, texts in enumerate([("区分", "日数", ""), ("", "初年", "翌年"), ("正社員", "10", "20")]):
            for column, text in enumerate(texts):
                table.cell(row, column).text = text
        table.cell(0, 1).merge(table.cell(0, 2))
        table.cell(0, 0).merge(table.cell(1, 0))
        new.add_paragraph("表の後")

    text = sections(document(fill))[0][1]

    assert text == "表の前\n正社員: 日数 初年 10、日数 翌年 20\n表の後"


def test_lists_have_marks_and_numbers():
    def fill(new):
        new.add_paragraph("甲", style="List Bullet")
        new.add_paragraph("一番", style="List Number")
        new.add_paragraph("二番", style="List Number")

    assert sections(document(fill))[0][1] == "- 甲\n1. 一番\n2. 二番"


def test_inserted_text_is_read_and_deleted_text_is_not():
    xml = p(
        r("期限は")
        + "<w:del w:id='1'><w:r><w:delText>三十日</w:delText></w:r></w:del>"
        + f"<w:ins w:id='2'>{r('十四日')}</w:ins>"
        + f"<w:moveFrom w:id='3'>{r('移動前')}</w:moveFrom>"
        + r("とする。")
    )

    assert body(xml) == "期限は十四日とする。"


def test_a_paragraph_inserted_as_a_whole_is_read():
    assert body(p(r("甲。")) + f"<w:ins w:id='1'>{p(r('乙。'))}</w:ins>") == "甲。\n乙。"


def test_hidden_text_is_not_read():
    assert body(p(r("見える") + r("見えない", "<w:rPr><w:vanish/></w:rPr>"))) == "見える"
    assert body(p(r("見える", "<w:rPr><w:vanish w:val='0'/></w:rPr>"))) == "見える"


def test_readings_and_field_codes_are_not_read():
    ruby = (
        f"<w:r><w:ruby><w:rt>{r('とうきょう')}</w:rt><w:rubyBase>{r('東京')}</w:rubyBase></w:ruby></w:r>"
        "<w:r><w:instrText> PAGE </w:instrText></w:r>"
    )

    assert body(p(ruby + r("支店"))) == "東京支店"


def test_tabs_breaks_and_hyphens_are_characters():
    xml = p("<w:r><w:t>甲</w:t><w:tab/><w:t>乙</w:t><w:br/><w:t>丙</w:t><w:noBreakHyphen/><w:t>丁</w:t></w:r>")

    assert body(xml) == "甲\t乙\n丙-丁"


def test_links_and_content_controls_are_read():
    xml = f"<w:sdt><w:sdtContent>{p(r('管理番号'))}</w:sdtContent></w:sdt>" + p(
        f"<w:hyperlink>{r('リンク')}</w:hyperlink><w:sdt><w:sdtContent>{r('欄')}</w:sdtContent></w:sdt>"
    )

    assert body(xml) == "管理番号\nリンク欄"


def test_a_text_box_is_read_once():
    box = f"<w:txbxContent>{p(r('囲みの中'))}</w:txbxContent>"
    both = (
        "<w:r><mc:AlternateContent><mc:Choice Requires='wps'><wps:txbx>" + box + "</wps:txbx></mc:Choice>"
        f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r>"
    )

    assert body(p(r("本文") + both) + p(r("次"))) == "本文\n囲みの中\n次"


# --- numbering -------------------------------------------------------------------------------------------------------

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def level(depth, form, text, extra=""):
    format_and_text = f'<w:numFmt w:val="{form}"/>{extra}<w:lvlText w:val="{text}"/>'
    return f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/>{format_and_text}</w:lvl>'


def numbered(levels, paragraphs, more_lists=""):
    """A document with one list definition; paragraphs are (list, level, text)."""
    numbering = (
        f'<w:numbering {W}><w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
        f'<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>{more_lists}</w:numbering>'
    )
    xml = "".join(
        p(f'<w:pPr><w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr></w:pPr>{r(text)}')
        for number, depth, text in paragraphs
    )
    return repacked(document_xml(xml), {"word/numbering.xml": numbering})


def test_articles_and_items_have_the_numbers_that_word_shows():
    data = numbered(
        level(0, "decimal", "第%1条") + level(1, "decimal", "%1.%2") + level(2, "aiueoFullWidth", "(%3)"),
        [(1, 0, "目的"), (1, 1, "甲"), (1, 1, "乙"), (1, 2, "細目"), (1, 2, "細目"), (1, 0, "定義"), (1, 1, "丙")],
    )

    assert sections(data)[0][1].split("\n") == [
        "第1条 目的",
        "1.1 甲",
        "1.2 乙",
        "(ア) 細目",
        "(イ) 細目",
        "第2条 定義",
        "2.1 丙",
    ]


def test_a_list_that_starts_again_counts_from_its_start():
    again = (
        '<w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/>'
        "</w:lvlOverride></w:num>"
    )
    data = numbered(level(0, "decimal", "%1."), [(1, 0, "甲"), (1, 0, "乙"), (2, 0, "丙"), (2, 0, "丁")], again)

    assert sections(data)[0][1].split("\n") == ["1. 甲", "2. 乙", "1. 丙", "2. 丁"]


def test_an_empty_paragraph_takes_no_number():
    data = numbered(level(0, "decimal", "%1."), [(1, 0, "甲"), (1, 0, " "), (1, 0, "乙")])

    assert sections(data)[0][1].split("\n") == ["1. 甲", "2. 乙"]


def test_a_list_that_is_not_defined_gives_no_number():
    data = numbered(level(0, "decimal", "%1."), [(7, 0, "甲"), (1, 5, "乙"), (0, 0, "丙")])

    assert sections(data)[0][1].split("\n") == ["甲", "乙", "丙"]


@pytest.mark.parametrize(
    ("form", "number", "text"),
    [
        ("decimal", 12, "12"),
        ("decimalZero", 3, "03"),
        ("decimalFullWidth", 12, "１２"),
        ("decimalEnclosedCircle", 3, "③"),
        ("decimalEnclosedCircle", 21, "21"),
        ("lowerLetter", 27, "aa"),
        ("upperLetter", 3, "C"),
        ("lowerRoman", 14, "xiv"),
        ("upperRoman", 2029, "MMXXIX"),
        ("japaneseCounting", 21, "二十一"),
        ("ideographDigital", 21, "二一"),
        ("aiueoFullWidth", 2, "イ"),
        ("irohaFullWidth", 3, "ハ"),
        ("none", 3, ""),
    ],
)
def test_number_formats(form, number, text):
    assert FORMATS[form](number) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "〇"), (7, "七"), (10, "十"), (11, "十一"), (110, "百十"), (1999, "千九百九十九")]
)
def test_kanji_numbers(number, text):
    assert kanji(number) == text


# --- hostile ---------------------------------------------------------------------------------------------------------

TENFOLD = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10))
LAUGHS = f'<!DOCTYPE x [<!ENTITY l0 "lol">{TENFOLD}]>'


@pytest.mark.parametrize(
    "declaration",
    [
        LAUGHS,
        '<!DOCTYPE x [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
    ids=["billion-laughs", "file", "network"],
)
def test_a_document_type_is_refused(declaration):
    data = document_xml(p(r("本文")), before=declaration)

    with pytest.raises(FileBroken, match=r"word/document\.xml declares a document type"):
        convert(data, "x.docx", LIMITS)


def test_a_document_type_in_utf_16_is_refused():
    xml = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x []><x/>'.encode("utf-16")

    with pytest.raises(FileBroken, match="declares a document type"):
        convert(repacked(document(lambda new: None), {"word/document.xml": xml}), "x.docx", LIMITS)


XXE = '<!DOCTYPE x [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("encoding", ["utf-7", "utf-32", "utf-32-le", "cp037", "shift_jis", "utf_16_le"])
def test_a_document_type_hides_in_no_encoding(encoding):
    xml = document_xml(p(r("本文&l9;")).replace("本文", "text"), before=XXE)
    with zipfile.ZipFile(io.BytesIO(xml)) as package:
        text = package.read("word/document.xml").decode().replace('encoding="UTF-8"', f'encoding="{encoding}"')
    hidden = text.encode(encoding)
    if encoding == "utf-7":  # where nothing is left of the words in ASCII
        hidden = text.replace("<!", "+ADwAIQ-").encode("ascii")
        assert b"<!" not in hidden

    with pytest.raises(FileBroken, match=r"word/document\.xml (is XML in|declares a document type)") as caught:
        convert(repacked(xml, {"word/document.xml": hidden}), "x.docx", LIMITS)

    assert "（word/document.xml " in caught.value.text("ja")
    assert "Office" in caught.value.text("ja")
    assert "document type" not in caught.value.text("ja")
    assert "is XML" not in caught.value.text("ja")


def test_a_document_type_hides_behind_no_name():
    """The package may say that its document is another member, of any name, and leave a good one where it should be."""
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    plain = document_xml(p(r("本文")))
    with zipfile.ZipFile(io.BytesIO(plain)) as package:
        types = package.read("[Content_Types].xml").decode().replace("/word/document.xml", "/word/document.svg")
        relations = package.read("_rels/.rels").decode().replace("word/document.xml", "word/document.svg")
        evil = package.read("word/document.xml").decode().replace("?>", f"?>{XXE}", 1)
    assert main in types
    changes = {"[Content_Types].xml": types, "_rels/.rels": relations, "word/document.svg": evil}

    with pytest.raises(FileBroken, match=r"word/document\.svg declares a document type"):
        convert(repacked(plain, changes), "x.docx", LIMITS)


def test_a_drawing_with_a_document_type_is_a_picture_and_no_part():
    plain = document_xml(p(r("本文")))
    with zipfile.ZipFile(io.BytesIO(plain)) as package:
        types = package.read("[Content_Types].xml").decode()
    types = types.replace("<Default ", '<Default Extension="svg" ContentType="image/svg+xml"/><Default ', 1)
    drawing = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/x.dtd"><svg/>'
    data = repacked(plain, {"[Content_Types].xml": types, "word/media/image1.svg": drawing})

    assert convert(data, "x.docx", LIMITS).parts[0].text == "本文"


def test_the_words_of_a_document_type_in_the_text_are_only_text():
    assert body(p(r("&lt;!DOCTYPE html&gt; と &lt;!ENTITY&gt;"))) == "<!DOCTYPE html> と <!ENTITY>"


def test_tables_within_tables_without_end_are_refused_or_read():
    deep = p(r("底"))
    for _ in range(60):
        deep = f"<w:tbl><w:tr><w:tc>{deep}</w:tc></w:tr></w:tbl>"

    assert body(deep) == "底"


def test_content_controls_without_end_are_refused():
    deep = p(r("底"))
    for _ in range(60):
        deep = f"<w:sdt><w:sdtContent>{deep}</w:sdtContent></w:sdt>"

    with pytest.raises(FileBroken, match="nested too deeply"):
        body(deep)


@pytest.mark.parametrize(
    "changes",
    [
        {"word/document.xml": "<not closed"},
        {"word/document.xml": "<x/>"},
        {"[Content_Types].xml": "<Types/>"},
        {"word/styles.xml": "nothing"},
        {"word/numbering.xml": "nothing"},
    ],
)
def test_a_package_that_is_no_word_document_is_refused(changes):
    with pytest.raises(FileBroken, match=r"x\.docx is damaged or incomplete"):
        convert(repacked(document(lambda new: new.add_paragraph("a")), changes), "x.docx", LIMITS)


@pytest.mark.parametrize("value", ["x", "", "99999999999999999999", "-1", "1e9", "²"])
def test_numbers_that_are_none_are_ignored(value):
    heading = p(f'<w:pPr><w:outlineLvl w:val="{value}"/></w:pPr>{r("本文")}')
    table = f'<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="{value}"/></w:tcPr>{p(r("欄"))}</w:tc></w:tr></w:tbl>'

    assert body(heading + table).startswith("本文\n欄")


def test_a_list_that_starts_at_an_absurd_number_stays_small():
    levels = level(0, "upperRoman", "%1.").replace('<w:start w:val="1"/>', '<w:start w:val="999999999999"/>')

    assert len(sections(numbered(levels, [(1, 0, "甲")]))[0][1]) < 100


def test_an_empty_document_is_refused():
    with pytest.raises(FileEmpty, match=r"x\.docx holds no text"):
        convert(document(lambda new: None), "x.docx", LIMITS)


def test_more_text_than_the_limit_is_refused():
    with pytest.raises(FileTooLarge, match="its text over the limit of 10 characters"):
        convert(document(lambda new: new.add_paragraph("x" * 11)), "x.docx", Limits(characters=10))
