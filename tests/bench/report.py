"""What every bench shares: its arguments from the environment, a table on the terminal, figures in a file for tools."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table


def kept() -> Path:
    """Where vectors are kept between runs: CACHE, else var/bench in the clone, which git ignores."""
    path = Path(os.environ.get("CACHE") or Path(__file__).parents[2] / "var" / "bench")
    path.mkdir(parents=True, exist_ok=True)
    return path


def folder(name: str) -> Path:
    """The folder that the variable `name` gives; the run ends with a sentence when it is not set or missing."""
    value = os.environ.get(name)
    if not value:
        sys.exit(f"{name} is not set: {name}=FOLDER python -m {_command()}")
    path = Path(value)
    if not path.is_dir():
        sys.exit(f"{name}={value} is not a folder")
    return path


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; numbers with a point have four digits after it or fewer."""
    table = Table(title=title, title_justify="left", box=None)
    for column in columns:
        table.add_column(column, justify="left" if column == columns[0] else "right")
    for row in rows:
        table.add_row(*(f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row))
    Console(width=160 if not sys.stdout.isatty() else None).print(table)


def write(figures: Mapping[str, object]) -> None:
    """Write the figures to the file that JSON names, if it is set."""
    if target := os.environ.get("JSON"):
        Path(target).write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _command() -> str:
    spec = sys.modules["__main__"].__spec__
    return spec.name if spec else "tests.bench"
