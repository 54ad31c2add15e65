"""HTML: what a reader of the page sees, and nothing that is fetched or hidden."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ingest.convert.html import convert
from ingest.converted import Limits
from ingest.errors import FileBroken, FileEmpty, FileTooLarge

LIMITS = Limits()


def page(body, head='<meta charset="utf-8"><title>休暇 規程</title>'):
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()


def sections(body, **options):
    return [(part.label, part.text) for part in convert(page(body, **options), "x.html", LIMITS).parts]


def text(body):
    return "\n".join(part for _, part in sections(body))


def test_headings_make_sections_with_their_path():
    assert sections("前文。<h1>総則</h1><p>本文。</p><h2>目的</h2><p>甲。<p>乙。<h1>別表</h1><p>丙。</p>後書き") == [
        ("休暇 規程", "前文。"),
        ("総則", "本文。"),
        ("総則 > 目的", "甲。\n乙。"),
        ("別表", "丙。\n後書き"),
    ]


def test_source_line_breaks_do_not_break_japanese_words():
    assert text("<p>有給休\n   暇は年\n間20日。\nEnglish\nwords</p>") == "有給休暇は年間20日。 English words"


def test_breaks_and_preformatted_text_keep_their_lines():
    assert text("<p>一行目<br>二行目</p><pre>a  b\n  c</pre>") == "一行目\n二行目\na  b\n  c"


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>秘密</script>",
        "<style>秘密</style>",
        "<template><p>秘密</p></template>",
        "<noscript>秘密</noscript>",
        "<p hidden>秘密<b>秘密</b></p>",
        '<div style="display: none"><p>秘密</p></div>',
        '<div style="color:red;VISIBILITY:hidden">秘密</div>',
        "<!-- 秘密 -->",
        "<?php 秘密 ?>",
        "<svg><text>秘密</text></svg>",
        "<textarea>秘密</textarea>",
        "<table><tr><td>表</td><td hidden>秘密</td></tr></table>",
        "<table><tr hidden><td>秘密</td></tr><tr><td>表<script>秘密</script></td></tr></table>",
    ],
)
def test_what_is_not_shown_is_not_read(hidden):
    found = text(f"<p>前</p>{hidden}<p>後</p>")

    assert "秘密" not in found
    assert found.startswith("前\n")
    assert found.endswith("後")


def test_text_after_a_hidden_element_is_kept():
    assert text("<p>甲<span hidden>秘密</span>乙</p>") == "甲乙"


def test_lists_have_marks():
    assert text("<ul><li>甲<li>乙<ul><li>丙</ul></ul>") == "- 甲\n- 乙\n- 丙"


def test_tables_are_rows_and_spans_are_repeated():
    body = """<table><caption>日数表</caption>
      <tr><th rowspan=2>区分</th><th colspan=2>日数</th></tr><tr><th>初年</th><th>翌年</th></tr>
      <tr><td>正社員</td><td>10</td><td>20</td></tr></table>"""

    assert text(body) == "日数表\n正社員: 日数 初年 10、日数 翌年 20"


@pytest.mark.parametrize("span", ["999999999", "-3", "x", "0", "²"])
def test_a_span_that_makes_no_sense_makes_no_harm(span):
    assert "甲" in text(f'<table><tr><td colspan="{span}" rowspan="{span}">甲</td><td>乙</td></tr></table>')


def test_a_table_that_lays_out_the_page_is_read_as_text():
    body = "<table><tr><td><h2>左</h2><p>本文</p><table><tr><td>内</td><td>表</td></tr></table></td></tr></table>"

    assert sections(body) == [("左", "本文\n内 | 表")]


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("Shift_JIS", "cp932"),
        ("x-sjis", "cp932"),
        ("EUC-JP", "euc_jp"),
        ("ISO-2022-JP", "iso2022_jp"),
        ("utf-8", "utf-8"),
    ],
)
def test_the_declared_encoding_is_used(declared, encoding):
    data = f'<html><head><meta charset="{declared}"></head><body><p>規程を定める。社員は守る。</p></body></html>'

    assert convert(data.encode(encoding), "x.html", LIMITS).parts[0].text == "規程を定める。社員は守る。"


def test_the_old_way_to_declare_works_and_keeps_windows_characters():
    data = (
        '<html><meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS"><p>髙橋①㈱の規程です。</p></html>'
    )

    assert convert(data.encode("cp932"), "x.html", LIMITS).parts[0].text == "髙橋①㈱の規程です。"


def test_a_wrong_declaration_is_not_believed():
    data = '<html><meta charset="Shift_JIS"><p>規程を定める。社員は守る。</p></html>'.encode()

    assert convert(data, "x.html", LIMITS).parts[0].text == "規程を定める。社員は守る。"


def test_a_byte_order_mark_wins():
    data = '<html><meta charset="Shift_JIS"><p>規程</p></html>'.encode("utf-16")

    assert convert(data, "x.html", LIMITS).parts[0].text == "規程"


def test_a_western_page_in_latin_1_is_read():
    data = '<html><meta charset="iso-8859-1"><p>Größe “x”</p></html>'.encode("cp1252")

    document = convert(data, "x.html", LIMITS)

    assert (document.parts[0].text, document.language) == ("Größe “x”", "en")


def test_an_xml_declaration_does_not_confuse_the_reader():
    data = (
        '<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml"><p>本文</p></html>'.encode()
    )

    assert convert(data, "x.xhtml", LIMITS).parts[0].text == "本文"


def test_entities_of_the_file_s_own_are_not_expanded(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("TOP SECRET")
    data = f'<!DOCTYPE html [<!ENTITY x SYSTEM "file://{secret}"><!ENTITY y "yyyy">]><html><p>本文 &x; &y;</p></html>'

    found = convert(data.encode(), "x.html", LIMITS).parts[0].text

    assert "TOP SECRET" not in found
    assert "yyyy" not in found.replace("&y;", "").split("本文")[-1]


def test_nothing_is_fetched():
    asked = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    at = f"http://127.0.0.1:{server.server_port}"
    body = (
        f'<img src="{at}/i"><link href="{at}/l" rel=stylesheet><iframe src="{at}/f"></iframe><object data="{at}/o">本文'
    )

    convert(page(f"<p>本文</p>{body}"), "x.html", LIMITS)
    server.shutdown()
    server.server_close()
    assert asked == []


def test_nesting_beyond_the_parser_s_limit_is_refused_and_not_cut_off():
    with pytest.raises(FileBroken, match="nested too deeply"):
        convert(page("<p>前</p>" + "<div>" * 100_000 + "底"), "x.html", LIMITS)


def test_nesting_that_pages_have_is_read():
    assert text("<div>" * 150 + "底" + "</div>" * 150) == "底"


@pytest.mark.parametrize("body", ["", "<p> </p>", "<script>x</script>"])
def test_a_page_that_shows_nothing_is_empty(body):
    with pytest.raises(FileEmpty, match=r"x\.html holds no text"):
        convert(page(body), "x.html", LIMITS)


def test_more_text_than_the_limit_is_refused():
    with pytest.raises(FileTooLarge, match="its text over the limit of 100 characters"):
        convert(page("<p>" + "x" * 101 + "</p>"), "x.html", Limits(characters=100))


def test_a_fragment_is_a_page():
    assert convert("<p>断片</p>".encode(), "x.html", LIMITS).parts[0].text == "断片"


def test_alternative_texts_are_read():
    assert text('<p>図: <img src="a.png" alt="組織図"></p>') == "図: 組織図"


def test_what_stands_around_the_content_is_left_out():
    body = """<header><a href=/>ホーム</a></header><nav><ul><li>トップ<li>店舗のご案内</ul></nav>
      <main><article><header><h1>面会のご案内</h1></header><p>面会は14時からです。</p></article></main>
      <aside>お知らせ</aside><div role=navigation>前へ</div><footer>電話 03-0000-0000</footer>"""

    assert sections(body) == [("面会のご案内", "面会は14時からです。")]


def test_a_page_that_is_nothing_but_a_header_is_read():
    assert text("<header><p>本日は休業です。</p></header>") == "本日は休業です。"
