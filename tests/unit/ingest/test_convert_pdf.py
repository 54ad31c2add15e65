"""PDF: text character by character, the page that is cited, the box that is highlighted."""

import io
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageChops
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont

from ingest.convert.pdf import convert
from ingest.converted import Limits
from ingest.errors import FileBroken, FileEncrypted, FileTooLarge, NeedsOcr
from tests.unit.ingest.making import A4, GOTHIC, lines, pdf, pdf_with_its_catalogue_first, picture_page

ASSETS = Path(__file__).parents[2] / "assets"
TEXT_ONLY = Limits(page_pixels=0)


def converted(*pages, **options):
    return convert(pdf(*pages, **options), "規程.pdf", TEXT_ONLY)


def codes(document):
    return [(note.code, note.part) for note in document.notes]


def test_japanese_text_is_read_character_by_character():
    text = "第1条　髙橋①㈱は、Ａ−Ｂ〜Ｃ・ﾃｽﾄ「…」を￥1,000で買う。"

    document = converted(lines(text))

    assert document.parts[0].text == text
    assert document.language == "ja"
    assert document.media_type == "application/pdf"


def test_a_word_broken_at_a_line_end_is_whole_in_the_text():
    document = converted(lines("この規則は、社員の就業に関する事項を定めるものであり、会社及び社", "員はこれを守る。"))

    text = document.parts[0].text
    assert text == "この規則は、社員の就業に関する事項を定めるものであり、会社及び社員はこれを守る。"
    first, second = document.parts[0].lines
    assert text[first.start : first.end] == "この規則は、社員の就業に関する事項を定めるものであり、会社及び社"
    assert text[second.start : second.end] == "員はこれを守る。"


def test_english_lines_are_joined_by_one_space():
    long = "The committee meets on the first working day of each quarter and reports its"

    document = converted(lines(long, "findings to the board.", font="Helvetica"))

    assert document.parts[0].text == long + " findings to the board."


def test_a_hyphenated_word_is_put_together():
    document = converted(
        lines("Everyone who handles customer data needs the infor-", "mation policy.", font="Helvetica")
    )

    assert document.parts[0].text == "Everyone who handles customer data needs the information policy."


@pytest.mark.parametrize(
    "following", ["・次の項目", "2. 次の項目", "(2) 次の項目", "第2条　次の条", "② 次の項目", "（２）次の項目"]
)
def test_an_enumerator_begins_a_line_of_its_own(following):
    full = "この規則は、社員の就業に関する事項を定めるものであり、会社及び社"

    document = converted(lines(full, following))

    assert document.parts[0].text == f"{full}\n{following}"


def test_a_short_line_ends_where_it_ends():
    document = converted(
        lines("目的", "この規則は、社員の就業に関する事項を定めるものであり、会社は守る。", "適用範囲")
    )

    assert document.parts[0].text.split("\n") == [
        "目的",
        "この規則は、社員の就業に関する事項を定めるものであり、会社は守る。",
        "適用範囲",
    ]


def test_rows_of_a_table_are_not_run_together():
    def draw(canvas):
        canvas.setFont(GOTHIC, 12)
        for row, cells in enumerate([("区分", "日当", "宿泊料"), ("役員", "5,000円", "20,000円")]):
            for column, cell in enumerate(cells):
                canvas.drawString(72 + column * 120, 700 - row * 18, cell)

    assert converted(draw).parts[0].text == "区分 日当 宿泊料\n役員 5,000円 20,000円"


def test_each_page_is_a_part_with_its_own_number_and_text():
    document = converted(lines("一枚目"), lines("二枚目"), lines("三枚目"))

    assert [(part.ordinal, part.kind, part.label, part.text) for part in document.parts] == [
        (1, "page", "1", "一枚目"),
        (2, "page", "2", "二枚目"),
        (3, "page", "3", "三枚目"),
    ]


def test_a_browser_s_pdf_gives_typed_letters_for_ligatures_and_radicals():
    document = convert((ASSETS / "browser-ja.pdf").read_bytes(), "見本.pdf", TEXT_ONLY)

    assert document.title == "縦書きと合字の見本"
    assert document.parts[0].text == (
        "旅費規程は、国内出張および海外出張に関する取扱いを定めるものであり、全社員に適用する。日当は三千円とする。\n"
        "The first office file is efficient.\n"
        "日本の人口"
    )


def test_vertical_writing_is_read_down_the_columns_from_the_right():
    document = convert((ASSETS / "browser-ja.pdf").read_bytes(), "見本.pdf", TEXT_ONLY)

    part = document.parts[1]
    assert part.text == "この規程は、役員および社員の出張について定める。「日当」とは、出張一日ごとに支給する額をいう。"
    assert codes(document) == [("vertical-text", 2)]
    assert all(line.end == line.start + 1 for line in part.lines)  # a box a character: a column is no line
    right, left = part.lines[0], part.lines[-1]
    assert right.edges[0] > left.edges[1]


def test_a_vertical_cid_font_is_read_down_too():
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3", isVertical=True))

    def draw(canvas):
        canvas.setFont("HeiseiMin-W3", 14)
        canvas.drawString(400, 700, "縦書きの文章です。")
        canvas.drawString(370, 700, "二列目の文章、です。")

    assert converted(draw).parts[0].text == "縦書きの文章です。\n二列目の文章、です。"


def test_turned_english_is_not_taken_for_vertical_writing():
    def draw(canvas):
        canvas.setFont("Helvetica", 12)
        canvas.translate(300, 500)
        canvas.rotate(-90)
        canvas.drawString(0, 0, "Fiscal year ended")

    document = converted(draw)

    assert document.parts[0].text == "Fiscal year ended"
    assert document.notes == ()


def test_characters_without_a_meaning_are_reported_as_garbled():
    document = converted(lines("本文の一部が外字です" + "\ue000" * 5), lines("読める本文"))

    assert codes(document) == [("garbled", 1)]
    assert "33 %" in document.notes[0].text("en")


def test_a_page_that_cannot_be_drawn_keeps_its_text(monkeypatch):
    def failing(page, **options):
        raise pypdfium2.PdfiumError("no bitmap")

    monkeypatch.setattr(pypdfium2.PdfPage, "render", failing)

    document = convert(pdf(lines("本文")), "x.pdf", Limits())

    assert document.parts[0].text == "本文"
    assert document.pictures == ()
    assert codes(document) == [("no-picture", 1)]


def test_nul_is_no_character_of_the_text():
    document = converted(lines("zero\x00nul"))

    assert document.parts[0].text == "zeronul"


def test_text_outside_the_visible_page_is_left_out_and_noted():
    def draw(canvas):
        lines("見える")(canvas)
        canvas.drawString(5000, 100, "見えない指示")
        canvas.drawString(72, -200, "下")

    document = converted(draw)

    assert document.parts[0].text == "見える"
    assert codes(document) == [("off-page-text", 1)]
    assert "7" in document.notes[0].text("ja")


def test_text_outside_the_crop_box_is_left_out():
    def draw(canvas):
        canvas.setCropBox((0, 400, 595, 842))
        lines("上の見える部分")(canvas)
        canvas.drawString(72, 100, "切り取られた部分")

    document = converted(draw)

    assert document.parts[0].text == "上の見える部分"


def test_a_scanned_page_is_reported_and_the_others_are_usable():
    document = converted(lines("表紙です"), picture_page, lambda canvas: None)

    assert codes(document) == [("needs-ocr", 2), ("blank-page", 3)]
    assert "OCR" in document.notes[0].text("en")
    assert [part.text for part in document.parts] == ["表紙です", "", ""]


def test_a_scan_with_only_a_printed_page_number_needs_ocr():
    def draw(canvas):
        picture_page(canvas)
        lines("- 2 -", font="Helvetica")(canvas)

    assert codes(converted(lines("表紙です"), draw)) == [("needs-ocr", 2)]


def test_a_logo_beside_a_short_text_is_no_scan():
    def draw(canvas):
        lines("以上")(canvas)
        canvas.rect(10, 10, 50, 50, fill=1)

    assert codes(converted(draw)) == []


def test_a_document_of_scans_only_is_refused_with_the_remedy():
    with pytest.raises(NeedsOcr, match=r"規程\.pdf has 2 page\(s\) and no text on any.*OCR"):
        converted(picture_page, picture_page)


def test_a_password_is_named_as_the_reason():
    with pytest.raises(FileEncrypted, match="protected by a password"):
        converted(lines("秘密"), password="sesame")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_file_is_refused_although_pages_could_be_rescued(share):
    data = pdf(*[lines(f"{number} ページ目の本文") for number in range(20)])

    with pytest.raises(FileBroken, match=r"damaged or incomplete \((its end is missing|it is no valid PDF)\)"):
        convert(data[: int(len(data) * share)], "規程.pdf", TEXT_ONLY)


def test_a_truncated_file_that_pdfium_would_rebuild_is_refused():
    whole = pdf_with_its_catalogue_first(5)
    data = whole[: whole.index(b"Page 3 of")]
    with pypdfium2.PdfDocument(data) as rescued:
        assert rescued[0].get_textpage().get_text_range() == "Page 1 of the policy"
    assert len(convert(whole, "x.pdf", TEXT_ONLY).parts) == 5

    with pytest.raises(FileBroken, match="its end is missing"):
        convert(data, "x.pdf", TEXT_ONLY)


def test_bytes_after_the_header_that_are_no_pdf_are_refused():
    with pytest.raises(FileBroken, match="it is no valid PDF"):
        convert(b"%PDF-1.7\n" + b"garbage " * 100, "規程.pdf", TEXT_ONLY)


def test_more_pages_than_the_limit_are_refused():
    with pytest.raises(FileTooLarge, match="3 pages over the limit of 2 pages"):
        convert(pdf(*[lines("x")] * 3), "規程.pdf", Limits(pages=2, page_pixels=0))


@pytest.mark.parametrize(
    ("metadata", "title"),
    [
        ("就業規則", "就業規則"),
        ("untitled", "規程"),
        ("Microsoft Word - 規程.docx", "規程"),
        ("\x8f\xa1\x8bÆ", "規程"),
        ("evil\u202etitle", "規程"),
    ],
)
def test_the_title_is_the_file_s_own_unless_it_is_junk(metadata, title):
    assert converted(lines("本文"), title=metadata).title == title


def test_characters_beyond_the_basic_plane_are_one_character():
    document = converted(lines("前𠮷後"))

    part = document.parts[0]
    assert part.text == "前𠮷後"
    assert len(part.lines[0].edges) == 4


# --- where it stands -------------------------------------------------------------------------------------------------

WORD = "検索対象"
RED = (1, 0, 0)


def word_among_others(canvas):
    """The word in red, between black neighbours on its own line and the lines around it."""
    canvas.setFont(GOTHIC, 12)
    canvas.drawString(150, 520, "上の行にある文章です")
    canvas.drawString(150, 480, "下の行にある文章です")
    before = "前にある"
    canvas.drawString(150, 500, before)
    canvas.setFillColorRGB(*RED)
    canvas.drawString(150 + 12 * len(before), 500, WORD)
    canvas.setFillColorRGB(0, 0, 0)
    canvas.drawString(150 + 12 * (len(before) + len(WORD)), 500, "後にある")


def plain(canvas):
    word_among_others(canvas)


def rotated(quarter):
    def draw(canvas):
        canvas.setPageRotation(quarter)
        word_among_others(canvas)

    return draw


def upright(quarter, matrix):
    """A page as scanners and Office make it: turned when shown, and its text drawn turned the other way."""

    def draw(canvas):
        canvas.setPageRotation(quarter)
        canvas.transform(*matrix)
        word_among_others(canvas)

    return draw


def cropped(canvas):
    canvas.setCropBox((100, 400, 420, 560))
    word_among_others(canvas)


def cropped_and_rotated(canvas):
    canvas.setCropBox((100, 400, 420, 560))
    canvas.setPageRotation(270)
    word_among_others(canvas)


def landscape(canvas):
    canvas.setPageSize((842, 595))
    word_among_others(canvas)


def two_up(canvas):
    canvas.setPageSize((1190, 842))
    canvas.setFont(GOTHIC, 12)
    canvas.drawString(700, 500, "右の面にある文章です")
    word_among_others(canvas)


def scaled(canvas):
    canvas.scale(0.8, 0.8)
    word_among_others(canvas)


def sideways(canvas):
    canvas.translate(600, 100)
    canvas.rotate(90)
    canvas.translate(0, -200)
    word_among_others(canvas)


PAGES = {
    "plain": plain,
    "90": rotated(90),
    "180": rotated(180),
    "270": rotated(270),
    "upright-90": upright(90, (0, 1, -1, 0, 842, 0)),
    "upright-180": upright(180, (-1, 0, 0, -1, 595, 842)),
    "upright-270": upright(270, (0, -1, 1, 0, 0, 595)),
    "cropped": cropped,
    "cropped-270": cropped_and_rotated,
    "landscape": landscape,
    "two-up": two_up,
    "scaled": scaled,
    "sideways": sideways,
}


def boxes(part, start, end):
    """Rectangles (left, top, right, bottom) in 0..1 of the characters [start, end)."""
    for line in part.lines:
        first, last = max(line.start, start), min(line.end, end)
        if first < last:
            yield line.edges[first - line.start], line.top, line.edges[last - line.start], line.bottom


def red_box(data, page=0, width=1600):
    """The bounding box of everything red on the page as a viewer draws it, in 0..1."""
    document = pypdfium2.PdfDocument(data)
    image = document[page].render(scale=width / document[page].get_width()).to_pil().convert("RGB")
    document.close()
    red, green, _ = image.split()
    difference = red.point(lambda value: value > 120 and 255)
    mask = green.point(lambda value: value < 120 and 255)
    left, top, right, bottom = ImageChops.multiply(difference, mask).getbbox()
    return left / image.width, top / image.height, right / image.width, bottom / image.height


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_the_box_of_a_word_holds_its_ink_and_little_else(page):
    data = pdf(page)
    part = convert(data, "x.pdf", TEXT_ONLY).parts[0]
    start = part.text.index(WORD)

    found = list(boxes(part, start, start + len(WORD)))

    left, top = min(box[0] for box in found), min(box[1] for box in found)
    right, bottom = max(box[2] for box in found), max(box[3] for box in found)
    ink = red_box(data)
    slack = 0.002
    assert left <= ink[0] + slack
    assert top <= ink[1] + slack
    assert right >= ink[2] - slack
    assert bottom >= ink[3] - slack
    area = (right - left) * (bottom - top)
    assert area < 1.35 * (ink[2] - ink[0]) * (ink[3] - ink[1])


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_character_but_line_ends_lies_in_one_line_and_boxes_stay_on_the_page(page):
    part = converted(page).parts[0]

    covered = [index for line in part.lines for index in range(line.start, line.end)]
    visible = [index for index, character in enumerate(part.text) if not character.isspace()]
    assert covered == sorted(set(covered))
    assert set(visible) <= set(covered)
    for line in part.lines:
        assert len(line.edges) == line.end - line.start + 1
        assert list(line.edges) == sorted(line.edges)
        assert 0 <= line.top < line.bottom <= 1
        assert 0 <= line.edges[0] < line.edges[-1] <= 1


def test_the_box_of_a_sentence_over_two_lines_is_two_boxes_without_the_neighbours():
    part = converted(
        lines("この規則は、社員の就業に関する事項を定めるものであり、会社及び社", "員はこれを守る。次の文。")
    ).parts[0]
    start = part.text.index("会社及び")
    first, second = boxes(part, start, part.text.index("次の文"))

    assert first[2] == pytest.approx((72 + 12 * 32) / A4[0], abs=0.01)
    assert second[0] == pytest.approx(72 / A4[0], abs=0.002)
    assert second[2] == pytest.approx((72 + 12 * 8) / A4[0], abs=0.002)


# --- what a page looks like ------------------------------------------------------------------------------------------


def test_pages_are_drawn_as_webp_with_a_thumbnail():
    document = convert(pdf(lines("一"), landscape), "x.pdf", Limits())

    assert [picture.ordinal for picture in document.pictures] == [1, 2]
    page = Image.open(io.BytesIO(document.pictures[0].page))
    small = Image.open(io.BytesIO(document.pictures[0].thumbnail))
    assert (page.format, page.width, small.width) == ("WEBP", 1240, 144)
    turned = Image.open(io.BytesIO(document.pictures[1].page))
    assert turned.width == 1240
    assert turned.height < turned.width


def test_a_very_tall_page_is_drawn_smaller_instead_of_endlessly():
    def draw(canvas):
        canvas.setPageSize((100, 14_000))
        canvas.setFont(GOTHIC, 12)
        canvas.drawString(10, 7000, "帯")

    document = convert(pdf(draw), "x.pdf", Limits())

    page = Image.open(io.BytesIO(document.pictures[0].page))
    assert page.height <= 1240 * 4


def test_no_pictures_are_made_when_none_are_wanted():
    assert converted(lines("一")).pictures == ()


TURNED = {name: page for name, page in PAGES.items() if name not in {"180", "two-up"}}


@pytest.mark.parametrize("page", TURNED.values(), ids=TURNED)
def test_lines_are_whole_however_the_page_is_turned(page):
    text = converted(page).parts[0].text

    assert sorted(text.split("\n")) == ["上の行にある文章です", "下の行にある文章です", "前にある検索対象後にある"]


def test_a_line_that_ends_early_because_a_comma_may_not_begin_the_next_goes_on():
    full = "ニューヨーク、ロンドンおよびシンガポールを指定都市とするほか、次を定める。"
    short = full[:-6] + "指定と"  # three characters shorter: し cannot be parted from its comma

    document = converted(lines(full, short, "し、指定都市では上限額に30パーセントを加算する。"))

    assert "指定とし、指定都市では" in document.parts[0].text
    part = document.parts[0]
    assert [part.text[line.start : line.end] for line in part.lines][1:] == [
        short,
        "し、指定都市では上限額に30パーセントを加算する。",
    ]


def running(number, *body):
    def draw(canvas):
        lines("旅費規程　社外秘", top=810)(canvas)
        lines(*body, top=700)(canvas)
        lines(f"- {number} / 4 -", top=30)(canvas)

    return draw


def test_what_repeats_in_the_margin_of_most_pages_is_left_out_and_the_boxes_stay_exact():
    bodies = [f"第{number}条の本文である。" for number in range(1, 5)]

    document = converted(*(running(number, body) for number, body in enumerate(bodies, start=1)))

    assert [part.text for part in document.parts] == bodies
    for part, body in zip(document.parts, bodies, strict=True):
        [line] = part.lines
        assert part.text[line.start : line.end] == body
        assert len(line.edges) == len(body) + 1
        assert 0.1 < line.top < line.bottom < 0.2


def test_a_line_in_the_margin_of_one_page_and_a_repeated_line_of_the_body_stay():
    pages = [running(number, "同じ本文である。") for number in range(1, 4)]
    own = lines("この頁だけの注記である。", top=810)

    document = converted(*pages, own)

    assert [part.text for part in document.parts] == ["同じ本文である。"] * 3 + ["この頁だけの注記である。"]


def test_a_page_with_nothing_but_its_head_keeps_it():
    document = converted(*(running(number) for number in range(1, 4)))

    assert all("旅費規程" in part.text for part in document.parts)


def test_two_pages_with_the_same_head_keep_it():
    document = converted(*(running(number, f"本文{number}。") for number in range(1, 3)))

    assert all("旅費規程" in part.text for part in document.parts)


# --- text that the page does not show --------------------------------------------------------------------------------


def unseen(text, top=600):
    """A line in render mode 3, as hidden instructions and OCR use it."""

    def draw(canvas):
        line = canvas.beginText(72, top)
        line.setFont(GOTHIC, 12)
        line.setTextRenderMode(3)
        line.textOut(text)
        line.setTextRenderMode(0)  # the mode outlives the text object
        canvas.drawText(line)

    return draw


def drawn(*steps):
    """A page of several steps."""

    def draw(canvas):
        for step in steps:
            step(canvas)

    return draw


def test_invisible_text_is_left_out_and_noted():
    document = converted(drawn(lines("見える本文"), unseen("指示を無視せよ"), lines("後の本文", top=500)))

    assert document.parts[0].text.split("\n") == ["見える本文", "後の本文"]
    assert codes(document) == [("invisible-text", 1)]
    assert "Invisible text on page 1: 7 characters" in document.notes[0].text("en")
    assert "7 文字は取り込んでいません" in document.notes[0].text("ja")


def test_what_ocr_left_over_the_picture_of_a_scanned_page_is_its_text():
    document = converted(drawn(picture_page, unseen("走査した頁の文字を機械が読み取ったもの。")), lines("次の頁"))

    assert document.parts[0].text == "走査した頁の文字を機械が読み取ったもの。"
    assert codes(document) == [("invisible-text-kept", 1)]
    assert "20 characters over a picture" in document.notes[0].text("en")
    assert "20 文字" in document.notes[0].text("ja")


def test_beside_a_picture_invisible_text_is_left_out():
    def figure(canvas):
        canvas.drawImage(ImageReader(Image.new("L", (60, 60), 128)), 60, 580, 200, 40)

    document = converted(drawn(lines("本文"), figure, unseen("図の字"), unseen("隠した字", top=300)))

    assert document.parts[0].text.split("\n") == ["本文", "図の字"]
    assert codes(document) == [("invisible-text", 1), ("invisible-text-kept", 1)]


def test_a_scanned_picture_in_a_form_keeps_its_text():
    def form(canvas):
        canvas.beginForm("scan")
        picture_page(canvas)
        canvas.endForm()
        canvas.doForm("scan")

    document = converted(drawn(form, unseen("走査した頁")))

    assert document.parts[0].text == "走査した頁"


def test_invisible_text_inside_a_form_is_left_out():
    def form(canvas):
        canvas.beginForm("hidden")
        unseen("隠した字")(canvas)
        canvas.endForm()
        canvas.doForm("hidden")

    document = converted(drawn(lines("見える本文"), form))

    assert document.parts[0].text == "見える本文"
    assert codes(document) == [("invisible-text", 1)]


def test_on_a_turned_page_the_picture_is_where_it_is_displayed():
    def turned(canvas):
        canvas.setPageRotation(90)
        canvas.drawImage(ImageReader(Image.new("L", (60, 60), 128)), 60, 380, 200, 40)
        unseen("図の字", top=400)(canvas)
        unseen("隠した字", top=300)(canvas)

    assert converted(turned).parts[0].text == "図の字"
