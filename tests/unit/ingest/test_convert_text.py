"""TXT, CSV and Markdown."""

import pytest

from ingest.convert import csv, markdown, txt
from ingest.converted import Limits
from ingest.errors import FileBroken, FileEmpty, FileTooLarge, TextUndecodable

LIMITS = Limits()


def labels(document):
    return [part.label for part in document.parts]


def texts(document):
    return [part.text for part in document.parts]


# --- TXT -------------------------------------------------------------------------------------------------------------


def test_a_text_file_is_one_section_that_tells_its_lines():
    document = txt.convert("就業規則\n\n第1条　守る。\n".encode(), "folder/就業規則.txt", LIMITS)

    assert (document.title, document.language, document.media_type) == ("就業規則", "ja", "text/plain")
    assert [(part.ordinal, part.kind, part.label, part.text) for part in document.parts] == [
        (1, "section", "L1–4", "就業規則\n\n第1条　守る。\n")
    ]
    assert document.notes == ()


def test_the_encoding_of_an_old_file_is_noted():
    document = txt.convert("規程を定める。".encode("cp932"), "a.txt", LIMITS)

    assert [note.text("ja") for note in document.notes] == ["文字コード cp932 として読み取りました。"]


def test_a_long_file_is_cut_at_blank_lines_and_nothing_is_lost():
    paragraphs = [f"段落{number}。" + "あ" * 900 for number in range(60)]
    text = "\n\n".join(paragraphs)

    document = txt.convert(text.encode(), "a.txt", LIMITS)

    assert len(document.parts) > 2
    assert all(len(part.text) <= txt.LONGEST for part in document.parts)
    assert [line for part in document.parts for line in part.text.split("\n") if line] == paragraphs
    first, second = labels(document)[:2]
    assert int(first.split("–")[1]) + 1 == int(second.removeprefix("L").split("–")[0])


def test_the_label_names_the_lines_of_the_file():
    lines = [f"行{number}" + "x" * 100 for number in range(1, 1001)]

    document = txt.convert("\n".join(lines).encode(), "a.txt", LIMITS)

    for part in document.parts:
        first, last = part.label.removeprefix("L").split("–")
        shown = [line for line in part.text.split("\n") if line]
        assert shown == lines[int(first) - 1 : int(last)]


def test_a_single_line_of_two_million_characters_is_cut_and_whole():
    text = "長い" * 1_000_000

    document = txt.convert(text.encode(), "a.txt", LIMITS)

    assert "".join(texts(document)) == text
    assert max(len(part.text) for part in document.parts) <= txt.LONGEST


def test_nul_is_removed_and_noted():
    document = txt.convert(b"A\0B\0C and some more text", "a.txt", LIMITS)

    assert texts(document) == ["ABC and some more text"]
    assert [note.code for note in document.notes] == ["nul-removed"]


@pytest.mark.parametrize("data", [b" \n\t\n", "　\n".encode(), b"\xef\xbb\xbf\n"])
def test_a_file_without_a_visible_character_is_refused(data):
    with pytest.raises(FileEmpty, match="holds no text"):
        txt.convert(data, "a.txt", LIMITS)


def test_more_characters_than_the_limit_are_refused():
    with pytest.raises(FileTooLarge, match="11 characters over the limit of 10 characters"):
        txt.convert(b"x" * 11, "a.txt", Limits(characters=10))


def test_a_title_shows_characters_that_would_turn_the_line_around():
    assert txt.convert(b"text", "a\u202egpj.txt", LIMITS).title == "a⟨U+202E⟩gpj"


# --- CSV -------------------------------------------------------------------------------------------------------------


def test_a_table_from_an_old_excel_is_read_with_its_quotes():
    data = '社員番号,氏名,備考\r\n1,髙橋,"東京, 大阪"\r\n2,鈴木,"二行の\r\n備考"\r\n'.encode("cp932")

    document = csv.convert(data, "名簿.csv", LIMITS)

    assert texts(document) == ["氏名 髙橋: 社員番号 1、備考 東京, 大阪\n氏名 鈴木: 社員番号 2、備考 二行の 備考"]
    assert labels(document) == ["名簿!A1:C3"]
    assert document.parts[0].kind == "sheet"


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(delimiter):
    rows = [["部署", "人数", "備考"], ["総務", "10", "a b"], ["営業", "20", "c d"]]
    data = "\n".join(delimiter.join(row) for row in rows).encode()

    assert texts(csv.convert(data, "a.csv", LIMITS)) == ["部署 総務: 人数 10、備考 a b\n部署 営業: 人数 20、備考 c d"]


def test_commas_inside_numbers_do_not_outvote_the_tab():
    data = "品名\t金額\nペン\t1,000\n机\t20,000\n椅子\t15,000\n".encode()

    assert texts(csv.convert(data, "a.tsv", LIMITS))[0].startswith("品名 ペン: 金額 1,000\n")


def test_one_column_stays_one_column():
    assert texts(csv.convert("項目\n甲\n乙\n".encode(), "a.csv", LIMITS)) == ["項目\n甲\n乙"]


def row_of(number):
    return f"番号 {number}: 氏名 社員{number}"


def test_a_long_table_names_its_columns_in_every_row_and_tells_the_rows():
    data = "番号,氏名\n" + "".join(f"{number},社員{number}\n" for number in range(1, 1501))

    document = csv.convert(data.encode(), "名簿.csv", LIMITS)

    assert len(document.parts) > 2
    assert labels(document)[0].startswith("名簿!A1:B")
    rows = [line for part in document.parts for line in part.text.split("\n")]
    assert rows == [row_of(number) for number in range(1, 1501)]
    for part in document.parts[1:]:
        start = int(part.label.split("!A")[1].split(":")[0])
        assert part.text.split("\n")[0] == row_of(start - 1)


def test_a_row_longer_than_a_block_is_whole():
    data = ("a,b\n" + "長" * 20_000 + ",c\n").encode()

    assert "長" * 20_000 in texts(csv.convert(data, "a.csv", LIMITS))[-1]


def test_a_quote_that_never_closes_takes_the_rest_as_one_cell_and_loses_nothing():
    document = csv.convert(b'a,b\n1,"open\n2,x\n', "a.csv", LIMITS)

    assert "open 2,x" in texts(document)[0]


def test_a_cell_beyond_every_size_is_refused():
    data = b'a,b\n1,"' + b"x" * 1_100_000 + b'"\n'

    with pytest.raises(FileBroken, match="line 2 cannot be read"):
        csv.convert(data, "a.csv", LIMITS)


def test_more_cells_than_the_limit_are_refused():
    with pytest.raises(FileTooLarge, match="cells over the limit of 10 cells"):
        csv.convert(b"a,b\n" * 6, "a.csv", Limits(cells=10))


def test_a_csv_of_empty_cells_is_empty():
    with pytest.raises(FileEmpty, match=r"a\.csv holds no text"):
        csv.convert(b",,\n,,\n", "a.csv", LIMITS)


@pytest.mark.parametrize(
    ("number", "name"), [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA"), (16384, "XFD")]
)
def test_columns_have_their_letters(number, name):
    assert csv.column_name(number) == name


# --- Markdown --------------------------------------------------------------------------------------------------------

MANUAL = """---
title: "運用手引き"
owner: 情報システム部
---
前書きです。

# 概要

この文書は
二行に分かれます。
An English text
wraps here.

- 項目 *甲*
- 項目 `乙`
  1. 一番
  2. 二番

## 料金 {#fee}

| 区分 | 日当 |
|------|-----:|
| 役員 | **5,000円** |

```
code  stays
  as it is
```

# 空の節

## 下位

[リンク](http://example.com/) と ![図の説明](a.png) です。\\
改行
"""


def test_markdown_is_cut_at_its_headings_and_shows_what_a_reader_sees():
    document = markdown.convert(MANUAL.encode(), "x.md", LIMITS)

    assert (document.title, document.media_type, document.language) == ("運用手引き", "text/markdown", "ja")
    assert [(part.label, part.text) for part in document.parts] == [
        ("運用手引き", "前書きです。"),
        (
            "概要",
            "この文書は二行に分かれます。An English text wraps here.\n- 項目 甲\n- 項目 乙\n1. 一番\n2. 二番",
        ),
        ("概要 > 料金 {#fee}", "区分 役員: 日当 5,000円\ncode  stays\n  as it is"),
        ("空の節 > 下位", "リンク と 図の説明 です。\n改行"),
    ]
    assert [part.ordinal for part in document.parts] == [1, 2, 3, 4]


def test_the_title_is_the_first_heading_or_the_file_s_name():
    assert markdown.convert("# 規程\n本文".encode(), "x.md", LIMITS).title == "規程"
    assert markdown.convert("本文".encode(), "手引.md", LIMITS).title == "手引"


def test_html_in_markdown_is_read_as_html():
    text = "# 節\n\n<div hidden>秘密</div>\n<p>表示</p>\n<script>alert(1)</script>\n\n文<br>改行 <b>太字</b>\n"

    document = markdown.convert(text.encode(), "x.md", LIMITS)

    assert document.parts[0].text == "表示\n文\n改行 太字"


def test_a_section_without_text_is_found_by_its_heading():
    document = markdown.convert("# 規程\n## 第4条\n守る。\n## 第5条　削除\n## 第6条\n施行。\n".encode(), "x.md", LIMITS)

    assert [(part.label, part.text) for part in document.parts] == [
        ("規程 > 第4条", "守る。"),
        ("規程 > 第5条 削除", "第5条 削除"),
        ("規程 > 第6条", "施行。"),
    ]


def test_quotes_within_quotes_are_read_or_refused_and_never_dropped():
    document = markdown.convert(("> " * 40 + "深い").encode(), "x.md", LIMITS)
    assert texts(document) == ["深い"]

    with pytest.raises(FileBroken, match="nested too deeply"):
        markdown.convert(("前文\n\n" + "> " * 5_000 + "深い").encode(), "x.md", LIMITS)


def test_markdown_in_cp932_is_read():
    assert markdown.convert("# 規程\n本文です。".encode("cp932"), "x.md", LIMITS).title == "規程"


def test_markdown_of_comments_only_is_empty():
    with pytest.raises(FileEmpty, match="holds no text"):
        markdown.convert(b"<!-- nothing -->\n", "x.md", LIMITS)


def test_undecodable_markdown_is_refused():
    with pytest.raises(TextUndecodable, match="is not text in UTF-8"):
        markdown.convert("größer".encode("latin-1"), "x.md", LIMITS)
