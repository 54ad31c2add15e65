"""`appliance documents`: what a person may see."""

from __future__ import annotations

import click

from appliance.api.schemas.documents import DocumentList
from appliance.cli.command import settings
from appliance.cli.output import as_json, table
from appliance.connect import connect


@click.command
@click.option("--as", "person", required=True, help="Whose documents: the id of one of the demo's people.")
@click.option("--json", "as_data", is_flag=True, help="As JSON.")
def documents(person: str, as_data: bool) -> None:
    """List the documents that a person may see."""
    with connect(settings()) as api, api.signed_in(person):
        response = api.get("/documents")
    if as_data:
        as_json(response.json())
        return
    found = DocumentList.model_validate_json(response.content)
    rows = [
        (row.title, f"{row.collection}/{row.path}", row.classification, row.language, f"{row.updated:%Y-%m-%d}")
        for row in found.documents
    ]
    table(("title", "document", "classification", "language", "updated"), rows)
