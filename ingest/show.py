"""What people read of a run and of a collection: a line a document, and on lines of its own what to know of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import click

from appliance.api.schemas.documents import StoredDocument
from appliance.api.schemas.people import Group
from appliance.cli.columns import width, wrapped
from appliance.cli.output import CLASSIFICATION, DOCUMENT, LANGUAGE, TITLE, line_width, table
from appliance.errors import ApplianceError
from appliance.models import Language
from appliance.visible import one_line, visible
from appliance.words import CLASSIFICATIONS, LANGUAGES, Words
from ingest.report import Row, state_word, summary

_NAMES_SHOWN = 10
_NOTES_SHOWN = 5
_GROUPS = Words(ja="グループ", en="groups")
_CHUNKS = Words(ja="（断片 {count}）", en=" ({count} chunks)")
_MORE = Words(ja="ほか {count} 件", en="and {count} more")
_GONE = Words(
    ja="文書群の {all} 件のうち、次の {gone} 件がフォルダーにありません。",
    en="{gone} of the collection's {all} documents are not in the folder:",
)
_NOTHING_DONE = Words(
    ja="何も取り込んでいません。削除もしていません。", en="Nothing was taken in, and nothing removed."
)


def report(rows: Iterable[Row], language: Language) -> None:
    """What became of each file that is not as it was, and how many of each."""
    rows = list(rows)
    news = [row for row in rows if row.state != "unchanged"]
    column = max((width(state_word(row.state, language)) for row in news), default=0) + 2
    for row in news:
        word = state_word(row.state, language)
        chunks = _CHUNKS.text(language, count=row.chunks) if row.chunks else ""
        click.echo(f"{word}{' ' * (column - width(word))}{one_line(row.path)}{chunks}")
        _beneath([row.reason] if row.reason else row.notes, column, language)
    if news:
        click.echo()
    click.echo(summary(rows, language))


def holding(held: Mapping[str, StoredDocument], groups: Sequence[Group], language: Language) -> None:
    """The documents of a collection, and what should be known of them as long as it holds."""
    names = {group.id: Words(ja=group.names[0], en=(group.names[1:] or group.names)[0]) for group in groups}
    separator = "、" if language == "ja" else ", "
    rows = [
        (
            path,
            document.title,
            CLASSIFICATIONS[document.access.classification],
            separator.join(
                names[group].text(language) if group in names else group for group in document.access.groups
            ),
            LANGUAGES[document.language],
        )
        for path, document in held.items()
    ]
    table((DOCUMENT, TITLE, CLASSIFICATION, _GROUPS, LANGUAGE), rows)
    for path, document in held.items():
        if document.notes:
            click.echo(one_line(path))
            _beneath([Words(ja=note.ja, en=note.en).text(language) for note in document.notes], 4, language)


def gone(paths: Sequence[str], of: int, language: Language) -> None:
    """Name what a run would remove, on standard error."""
    click.echo(_GONE.text(language, gone=len(paths), all=of), err=True)
    for path in paths[:_NAMES_SHOWN]:
        click.echo(f"  {one_line(path)}", err=True)
    if len(paths) > _NAMES_SHOWN:
        click.echo(f"  {_MORE.text(language, count=len(paths) - _NAMES_SHOWN)}", err=True)


def stopped(faults: Sequence[ApplianceError], language: Language) -> None:
    """Why a run did nothing, on standard error."""
    for fault in faults:
        click.echo(f"ingest: {visible(fault.text(language))}", err=True)
    click.echo(_NOTHING_DONE.text(language), err=True)


def _beneath(sentences: Sequence[str], indent: int, language: Language) -> None:
    space = " " * indent
    shown = [one_line(sentence) for sentence in sentences[:_NOTES_SHOWN]]
    if len(sentences) > _NOTES_SHOWN:
        shown.append(_MORE.text(language, count=len(sentences) - _NOTES_SHOWN))
    for sentence in shown:
        click.echo(wrapped(sentence, line_width(), first=space, rest=space))
