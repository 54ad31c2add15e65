"""Japanese text in lines of a terminal: no line too wide, none that begins with what may not begin a line."""

from __future__ import annotations

import pytest

from appliance.cli.columns import Formatter, width, wrapped

TEXT = "画像.png は読み取れません（PNG 画像には対応していません）。PDF, DOCX, XLSX のいずれかで保存し、それを取り込んでください。"


def test_a_wide_character_is_two_columns_and_a_combining_one_none() -> None:
    assert width("aあｱか\u3099") == 1 + 2 + 1 + 2


@pytest.mark.parametrize("columns", range(20, 130, 7))
def test_no_line_is_too_wide_and_nothing_is_lost(columns: int) -> None:
    lines = wrapped(TEXT, columns, first="  ", rest="    ").split("\n")

    assert all(width(line) <= columns for line in lines)
    assert "".join(line.strip() for line in lines).replace(" ", "") == TEXT.replace(" ", "")
    assert lines[0].startswith("  画")
    assert all(line.startswith("    ") for line in lines[1:])


@pytest.mark.parametrize("columns", range(20, 130, 7))
def test_no_line_begins_with_a_full_stop_or_ends_with_an_opening_bracket(columns: int) -> None:
    for line in wrapped(TEXT, columns).split("\n"):
        assert line[0] not in "、。）"
        assert line[-1] != "（"


def test_latin_words_are_not_cut_and_lines_are_filled() -> None:
    lines = wrapped(TEXT, 60).split("\n")

    assert all(word in "\n".join(lines) for word in ("DOCX", "XLSX", "PDF"))
    assert all(width(line) > 44 for line in lines[:-1])


def test_a_word_that_is_wider_than_the_line_stands_alone() -> None:
    assert wrapped("短い " + "x" * 50 + " 文", 20).split("\n") == ["短い", "x" * 50, "文"]


def test_english_is_written_as_click_writes_it() -> None:
    import click

    ours, theirs = Formatter(width=40), click.HelpFormatter(width=40)
    for formatter in (ours, theirs):
        formatter.write_text("A sentence that is longer than the forty columns of a line.")
        formatter.write_dl([("--option", "What it does, at some length, so that it is broken."), ("-x", "")])
    assert ours.getvalue() == theirs.getvalue()


def test_what_an_option_does_stands_in_a_column_of_its_own() -> None:
    formatter = Formatter(width=50)
    formatter.write_dl(
        [
            ("--yes", "確認せず、フォルダーからなくなったものをすべて削除します。"),
            ("--a-name-of-more-than-thirty-columns", "長い名前"),
        ]
    )
    lines = formatter.getvalue().splitlines()

    assert lines[0].startswith("--yes" + " " * 27 + "確認せず")
    assert lines[1].startswith(" " * 32)
    assert lines[-1] == " " * 32 + "長い名前"
