"""How commands show things: tables that know East Asian widths, or JSON. No document draws on the terminal."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Sequence

import click

from appliance.cli.spoken import shown_in
from appliance.visible import one_line
from appliance.words import Words

AS_JSON = Words(ja="JSON で出力します。", en="As JSON.")
DOCUMENT = Words(ja="文書", en="document")
TITLE = Words(ja="題名", en="title")
CLASSIFICATION = Words(ja="取扱区分", en="classification")
LANGUAGE = Words(ja="言語", en="language")


def as_json(value: object) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def line_width() -> int:
    """Columns of a line of text: the terminal's; in a pipe a paragraph is one line, whatever its length."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize


def table(head: Sequence[Words | str], rows: Iterable[Sequence[Words | str]]) -> None:
    """A table in the language shown, as wide as the terminal; in a pipe, as wide as it needs."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in head:
        drawn.add_column(_said(name), overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(one_line(_said(cell))) for cell in row))

    class Out(Console):
        """Rich ends the process where its reader has gone; how a command ends is decided in one place."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    Out(file=sys.stdout, width=None if sys.stdout.isatty() else 200, highlight=False).print(drawn)


def _said(cell: Words | str) -> str:
    return cell.text(shown_in()) if isinstance(cell, Words) else cell
