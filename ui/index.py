"""Streamlit's index page made ours: language, title, our files before the first paint, no inline script."""

from __future__ import annotations

import json
import re
from functools import cache
from html import escape
from pathlib import Path

import streamlit

from appliance.errors import StreamlitChanged
from appliance.models import Language
from ui.texts import SCRIPT_WORDS, STREAMLIT_WORDS, TEXTS, text

ASSETS = Path(__file__).parent / "assets"
_STREAMLIT_INDEX = Path(streamlit.__file__).parent / "static" / "index.html"
# Each must be found, or a new Streamlit has changed its page and the policy would break it silently.
_REMOVED = {
    "inline script": r"<script>.*?</script>",
    "preload of a font that our theme replaces": r'<link\s+rel="preload"\s+href="\./static/media/SourceSans[^>]*>',
    "pointer to the agent interface": r'<link rel="service-desc"[^>]*>',
    "english hint for browsers without scripts": r"<noscript>.*?</noscript>",
    "comments": r"<!--.*?-->",
    "title": r"<title>.*?</title>",
    "doctype and language": r'<!DOCTYPE html>\s*<html lang="en">',
    "icon": r'<link rel="shortcut icon"[^>]*>',
}


def script_words(language: Language) -> str:
    """The words of the page's own scripts, as JSON: ours by key, and `streamlit` by Streamlit's English."""
    words: dict[str, object] = {key: TEXTS[key].text(language) for key in SCRIPT_WORDS}
    words["streamlit"] = {english: text(key, language) for english, key in STREAMLIT_WORDS.items()}
    return json.dumps(words, ensure_ascii=False)


def head(language: Language, title: str) -> str:
    """What stands in the head of every page, before anything of Streamlit's."""
    return (
        f"<title>{escape(title)}</title>"
        f'<meta name="portal-words" content="{escape(script_words(language))}">'
        '<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">'
        '<script src="/assets/shell.js"></script>'
        '<script src="/assets/preview.js" defer></script>'
        '<link rel="stylesheet" href="/assets/portal.css">'
    )


@cache
def index_page(language: Language) -> str:
    """The page that loads Streamlit, in this language; StreamlitChanged when its page is not the one we know."""
    page = _STREAMLIT_INDEX.read_text(encoding="utf-8")
    for name, pattern in _REMOVED.items():
        page, found = re.subn(pattern, "", page, flags=re.S)
        if not found:
            raise StreamlitChanged(version=streamlit.__version__, missing=name)
    hint = f"<noscript><p>{escape(text('no_script', language))}</p></noscript>"
    page = page.replace("<head>", f"<head>{head(language, text('product', language))}", 1)
    page = page.replace("<body>", f"<body>{hint}", 1)
    return f'<!DOCTYPE html><html lang="{language}">{page}'
