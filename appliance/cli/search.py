"""`appliance search`: passages, without an answer."""

from __future__ import annotations

import click

from appliance.api.schemas.answers import SearchResponse
from appliance.cli.command import settings
from appliance.cli.output import as_json, table
from appliance.connect import connect


@click.command
@click.argument("question")
@click.option("--as", "person", required=True, help="Whose search it is: the id of one of the demo's people.")
@click.option("--limit", type=click.IntRange(1, 50), default=10, show_default=True, help="How many passages.")
@click.option("--json", "as_data", is_flag=True, help="Document, page, text and score of each passage as JSON.")
def search(question: str, person: str, limit: int, as_data: bool) -> None:
    """Find passages for QUESTION, best first."""
    with connect(settings()) as api, api.signed_in(person):
        response = api.post("/search", {"query": question, "limit": limit})
    if as_data:
        as_json(response.json())
        return
    found = SearchResponse.model_validate_json(response.content)
    rows = [
        (str(hit.number), f"{hit.score:.3f}", f"{hit.collection}/{hit.path}", hit.part_label, hit.text[:120])
        for hit in found.results
    ]
    table(("", "score", "document", "page", "text"), rows)
