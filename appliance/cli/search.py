"""`appliance search`: passages, without an answer."""

from __future__ import annotations

import click

from appliance.api.schemas.answers import SearchResponse
from appliance.cli.command import settings
from appliance.cli.output import DOCUMENT, as_json, table
from appliance.cli.spoken import argument, command, option, shown_in
from appliance.connect import connect
from appliance.places import place
from appliance.words import Words

_SCORE = Words(ja="スコア", en="score")
_PLACE = Words(ja="箇所", en="place")
_TEXT = Words(ja="本文", en="text")


@command(ja="QUESTION に該当する箇所を、関連の強い順に表示します。")
@argument("question", help=Words(ja="質問または探す言葉。", en="A question, or words to look for."))
@option(
    "--as",
    "person",
    required=True,
    help=Words(
        ja="誰として検索するか（体験用の利用者の ID）。",
        en="Whose search it is: the id of one of the demo's people.",
    ),
)
@option(
    "--limit",
    type=click.IntRange(1, 50),
    default=10,
    show_default=True,
    help=Words(ja="表示する件数。", en="How many passages."),
)
@option(
    "--json",
    "as_data",
    is_flag=True,
    help=Words(
        ja="各箇所の文書、ページ、本文、スコアを JSON で出力します。",
        en="Document, page, text and score of each passage as JSON.",
    ),
)
def search(question: str, person: str, limit: int, as_data: bool) -> None:
    """Find passages for QUESTION, best first."""
    with connect(settings()) as api, api.signed_in(person):
        response = api.post("/search", {"query": question, "limit": limit})
    if as_data:
        as_json(response.json())
        return
    found = SearchResponse.model_validate_json(response.content)
    rows = [
        (
            str(hit.number),
            f"{hit.score:.3f}",
            f"{hit.collection}/{hit.path}",
            place(hit.part_kind, hit.part_label, shown_in()),
            hit.text[:120],
        )
        for hit in found.results
    ]
    table(("", _SCORE, DOCUMENT, _PLACE, _TEXT), rows)
