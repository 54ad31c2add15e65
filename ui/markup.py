"""Small pieces of HTML: labels, marks, states, tables. Whatever is not markup is escaped here, and made visible.

st.html keeps class, role, aria-*, data-*, href, details, table, button and form; it drops svg, so marks are drawn by
portal.css.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence

from appliance.models import Classification, Language
from appliance.visible import one_line, visible
from ui.texts import text


def escaped(words: str) -> str:
    """Any text for HTML: acting characters shown, markup characters as entities. Line breaks stay."""
    return html.escape(visible(words))


def line(words: str) -> str:
    """Any text as one line for HTML."""
    return html.escape(one_line(words))


def attribute(value: Mapping[str, object]) -> str:
    """A value for a data-* attribute, as JSON."""
    return html.escape(json.dumps(value, separators=(",", ":")))


def classification(word: str, language: Language) -> str:
    """A classification's label: bars and words carry the meaning, colour only repeats it."""
    rank = int(Classification.named(word))
    bars = "<i></i>" * rank + "<b></b>" * (len(Classification) - rank)
    label = line(text(word, language))
    return f'<span class="level level-{rank}"><span class="bars" aria-hidden="true">{bars}</span>{label}</span>'


def state(kind: str, words: str) -> str:
    """A state: its shape by `kind` (ready, check, failed, working), its words."""
    return f'<span class="state state-{kind}">{line(words)}</span>'


def mark(support: str, language: Language) -> str:
    """Whether a sentence is confirmed by its source."""
    words = line(text(support, language))
    return f'<span class="mark mark-{support}" role="img" aria-label="{words}" title="{words}"></span>'


def notice(title: str, body: Sequence[str], kind: str = "quiet", more: str = "") -> str:
    """A notice: a heading, paragraphs of words, and finished markup after them. `kind`: quiet, warn, bad, plain."""
    paragraphs = "".join(f"<p>{escaped(words)}</p>" for words in body)
    role = ' role="alert"' if kind == "bad" else ""
    return f'<section class="notice notice-{kind}"{role}><h2>{line(title)}</h2>{paragraphs}{more}</section>'


def fold(title: str, count: str, body: str) -> str:
    """A part that opens; `body` is finished markup."""
    head = f'<summary>{line(title)}<span class="quiet">{line(count)}</span></summary>'
    return f'<details class="fold">{head}{body}</details>'


def table(caption: str, head: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]], kind: str) -> str:
    """A table of finished cells; `head` is (words, class). Narrow, each row is a card, so the roles are written out."""
    top = "".join(f'<th role="columnheader" scope="col" class="{css}">{line(words)}</th>' for words, css in head)
    body = "".join(
        '<tr role="row">'
        + "".join(
            f'<td role="cell" data-th="{line(words)}" class="{css}">{cell}</td>'
            for (words, css), cell in zip(head, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{line(caption)}"><table role="table" class="{kind}">'
        f"<caption>{line(caption)}</caption>"
        f'<thead role="rowgroup"><tr role="row">{top}</tr></thead><tbody role="rowgroup">{body}</tbody></table></div>'
    )
