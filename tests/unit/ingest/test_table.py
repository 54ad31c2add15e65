"""Rows of a table as lines: each names its columns, and says nothing that the table does not."""

from __future__ import annotations

import datetime

import pytest

from appliance.sentences import sentences
from ingest.convert.table import TableLine, lines_of, table_lines
from ingest.convert.xlsx import convert
from ingest.converted import Limits

from .making import workbook


def test_a_row_is_named_by_its_first_cell_and_names_its_columns():
    rows = [["商品", "金利（％）", "最長の期間", "限度額（万円）"], ["住宅ローン（変動）", "0.85", "35年", "10,000"]]

    assert table_lines(rows) == ["住宅ローン（変動）: 金利（％） 0.85、最長の期間 35年、限度額（万円） 10,000"]


def test_an_english_row_is_written_in_english():
    assert table_lines([["Size", "Monthly fee", "Deposit"], ["Small", "$3", "$10"]]) == [
        "Small: Monthly fee $3; Deposit $10"
    ]


def test_a_short_code_keeps_the_name_of_its_column():
    assert table_lines([["格付", "1年以内"], ["B", "1.75"]]) == ["格付 B: 1年以内 1.75"]


def test_a_running_number_names_no_row():
    rows = [["No.", "氏名", "部署"], ["1", "髙橋一郎", "総務"], ["2", "鈴木花子", "人事"]]

    assert table_lines(rows) == ["髙橋一郎: No. 1、部署 総務", "鈴木花子: No. 2、部署 人事"]


def test_an_empty_cell_is_left_out():
    rows = [["施設名", "平日", "休日"], ["第一和室", "800円", ""]]

    assert table_lines(rows) == ["第一和室: 平日 800円"]


def test_a_header_in_two_rows_gives_both_names_also_where_cells_are_blank_instead_of_merged():
    rows = [
        ["対象", "検査", "", "自己負担（円）"],
        ["", "胸部", "胃部", ""],
        ["35歳以上", "6月10日", "6月11日", "1,500"],
    ]

    assert table_lines(rows) == ["35歳以上: 検査 胸部 6月10日、検査 胃部 6月11日、自己負担（円） 1,500"]


def test_years_over_figures_are_a_header():
    assert table_lines([["部門名", "2023", "2024"], ["営業本部", "10", "20"]]) == ["営業本部: 2023 10、2024 20"]


@pytest.mark.parametrize("first", [["山田", "06-1234", "総務"], ["会費", "5,000円", "当日"], ["a", "1", "2"]])
def test_a_table_without_a_header_stays_as_it_stands(first):
    assert table_lines([first, ["鈴木", "06-2222", "人事"]]) == [" | ".join(first), "鈴木 | 06-2222 | 人事"]


def test_captions_and_notes_are_lines_of_their_own():
    rows = [["料金表", ""], ["品目名", "価格"], ["ボールペン", "100円"], ["税込みです", ""]]

    assert table_lines(rows) == ["料金表", "ボールペン: 価格 100円", "税込みです"]


def test_a_second_table_of_a_sheet_has_its_own_header():
    rows = [(1, ["品目名", "価格"]), (2, ["ボールペン", "100円"]), (4, ["部署名", "人数"]), (5, ["総務課", "12"])]

    assert [line.text for line in lines_of(rows)] == ["ボールペン: 価格 100円", "総務課: 人数 12"]


def test_a_blank_row_among_words_begins_no_table():
    rows = [
        (1, ["担当部署", "業務内容"]),
        (2, ["総務課", "庁舎管理"]),
        (4, ["人事課", "採用事務"]),
        (5, ["経理課", "出納"]),
    ]

    assert [line.text for line in lines_of(rows)][1:] == ["人事課: 業務内容 採用事務", "経理課: 業務内容 出納"]


def test_a_line_tells_its_rows_and_the_first_one_the_header_too():
    lines = lines_of([(3, ["品目名", "価格"]), (4, ["ボールペン", "100円"]), (5, ["万年筆", "3,000円"])])

    assert lines == [TableLine(3, 4, "ボールペン: 価格 100円"), TableLine(5, 5, "万年筆: 価格 3,000円")]


def test_a_full_stop_inside_a_cell_cuts_no_row_in_two():
    rows = [["品目名", "備考", "価格"], ["ボールペン", "黒のみ。在庫あり。", "100円"]]
    lines = table_lines(rows)

    assert lines == ["ボールペン: 備考 黒のみ。", "ボールペン: 備考 在庫あり、価格 100円"]
    text = "\n".join(lines)
    assert [text[start:end] for start, end in sentences(text)] == lines


def test_a_wide_row_goes_on_under_its_name():
    rows = [["施設", *[f"項目{n}" for n in range(60)]], ["中央体育館", *["値" * 20 for _ in range(60)]]]
    lines = table_lines(rows)

    assert len(lines) > 2
    assert all(line.startswith("中央体育館: 項目") and len(line) < 600 for line in lines)
    assert sum(line.count("項目") for line in lines) == 60


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (10000, "#,##0", "10,000"),
        (2.4, "0.00", "2.40"),
        (0.125, "0.0%", "12.5%"),
        (0.05, "0%", "5%"),
        (1200, '#,##0"円"', "1,200円"),
        (1200, '"¥"#,##0', "¥1,200"),
        (1200, "[$¥-411]#,##0", "¥1,200"),
        (-500, "#,##0;[Red]-#,##0", "-500"),
        (1234567, "#,##0,", "1234567"),
        (1.23456, "0.0", "1.23456"),
        (7, "General", "7"),
        (datetime.date(2026, 4, 1), 'yyyy"年"m"月"d"日"', "2026年4月1日"),
        (datetime.date(2026, 4, 1), "yyyy/m/d", "2026/4/1"),
        (datetime.date(2026, 4, 1), "yyyy-mm-dd", "2026-04-01"),
    ],
)
def test_a_cell_reads_as_its_format_shows_it_and_loses_no_digit(value, form, shown):
    def fill(book):
        book.active.append(["項目名", "値"])
        book.active.append(["第一項目", value])
        book.active["B2"].number_format = form

    document = convert(workbook(fill), "x.xlsx", Limits())

    assert document.parts[0].text == f"第一項目: 値 {shown}"
