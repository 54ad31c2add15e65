"""The pages that are written outside Streamlit."""

import json
import re
from html import unescape
from pathlib import Path

import pytest

from appliance.errors import StreamlitChanged
from appliance.models import Role
from ui import index
from ui.index import ASSETS, index_page, script_words
from ui.options import SignInPerson
from ui.signin import notice_page, signin_page

YAMADA = SignInPerson("yamada", "山田 花子", ("営業推進部",), frozenset({Role.READER}))
SATO = SignInPerson("sato", "佐藤 <b>", ("監査室", "全社員"), frozenset({Role.READER, Role.AUDITOR}))


@pytest.mark.parametrize(("language", "title"), [("ja", "社内文書照会"), ("en", "Document Inquiry")])
def test_the_index_page_is_ours_before_streamlit_starts(language, title):
    page = index_page(language)

    assert page.startswith(f'<!DOCTYPE html><html lang="{language}">')
    assert page.count("<title>") == 1
    assert f"<title>{title}</title>" in page
    assert page.index("/assets/shell.js") < page.index("static/js/index")
    assert '<div id="root"></div>' in page


def test_the_index_page_has_no_inline_script_and_names_no_agent():
    page = index_page("ja")

    assert all("src=" in script for script in re.findall(r"<script[^>]*>", page))
    assert "agent" not in page
    assert not re.search(r"https?://", page)


def test_a_streamlit_with_another_page_is_refused_by_name(monkeypatch, tmp_path):
    other = tmp_path / "index.html"
    other.write_text('<!DOCTYPE html><html lang="en"><head><title>Streamlit</title></head><body></body></html>')
    monkeypatch.setattr(index, "_STREAMLIT_INDEX", other)

    with pytest.raises(StreamlitChanged, match="has no inline script, so the portal is not started"):
        index_page.__wrapped__("ja")


def test_the_scripts_find_their_words_in_the_page():
    words = json.loads(unescape(re.search(r'name="portal-words" content="([^"]*)"', index_page("en")).group(1)))

    assert words == json.loads(script_words("en"))
    used = set(re.findall(r"words\.([a-z_]+)", (ASSETS / "preview.js").read_text(encoding="utf-8")))
    assert used <= words.keys()


def test_no_file_of_ours_names_another_origin():
    """Namespaces of SVG are names, not addresses that anybody asks."""
    for path in ASSETS.iterdir():
        addresses = set(re.findall(r"https?://[^\s'\"]+", Path(path).read_text(encoding="utf-8")))
        assert addresses <= {"http://www.w3.org/2000/svg"}, path.name


def test_each_person_is_a_button_with_groups_and_role():
    page = signin_page("ja", (YAMADA, SATO), None)

    assert page.count('<button name="person"') == 2
    assert 'value="yamada" autofocus' in page
    assert "監査室／全社員／監査担当" in page
    assert "佐藤 &lt;b&gt;" in page
    assert "role=" not in page


@pytest.mark.parametrize(
    ("flag", "role", "words"),
    [
        ("out", "status", "サインアウトしました。"),
        ("expired", "status", "セッションが終了しました。"),
        ("failed", "alert", "サインインできませんでした。"),
    ],
)
def test_the_reason_stands_above_the_people(flag, role, words):
    page = signin_page("ja", (YAMADA,), flag)

    assert f'role="{role}"' in page
    assert page.index(words) < page.index("<button")


def test_what_the_api_says_of_a_failure_is_shown_as_text():
    page = signin_page("en", (YAMADA,), "failed", "Nobody is called <script>\u202e here.")

    assert "Nobody is called &lt;script&gt;⟨U+202E⟩ here." in page


def test_a_person_without_groups_is_said_to_have_none():
    assert "No groups." in signin_page("en", (SignInPerson("n", "N", (), frozenset({Role.READER})),), None)


def test_a_notice_page_escapes_all_it_is_told():
    page = notice_page("ja", "<t>", "<w>", ("/audit", "<l>"))

    assert "&lt;t&gt;" in page
    assert "<p>&lt;w&gt;</p>" in page
    assert '<a href="/audit">&lt;l&gt;</a>' in page
