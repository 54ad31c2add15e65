"""Every ending that is taken in is told: in the help of `ingest`, and in the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click import Context

from appliance.cli.spoken import speaking
from ingest.cli import ingest
from ingest.convert.kind import ENDINGS, accepted

README = Path(__file__).parents[3] / "README.md"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_help_names_every_ending(language: str) -> None:
    with speaking(language):  # type: ignore[arg-type]
        said = ingest.get_help(Context(ingest, info_name="ingest"))
    assert set(ENDINGS) <= set(re.findall(r"\.([a-z]+)", said))


def test_the_readme_says_the_same() -> None:
    assert accepted() in " ".join(README.read_text(encoding="utf-8").split())


def test_every_format_has_an_ending() -> None:
    assert accepted().startswith("PDF (.pdf), DOCX (.docx .docm), ")
    assert "()" not in accepted()
