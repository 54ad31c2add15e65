"""`appliance documents`: what a person may see."""

from __future__ import annotations

from appliance.api.schemas.documents import DocumentList
from appliance.cli.command import settings
from appliance.cli.output import AS_JSON, CLASSIFICATION, DOCUMENT, LANGUAGE, TITLE, as_json, table
from appliance.cli.spoken import command, option
from appliance.connect import connect
from appliance.words import CLASSIFICATIONS, LANGUAGES, Words

_UPDATED = Words(ja="更新", en="updated")


@command(ja="利用者が閲覧できる文書の一覧を表示します。")
@option(
    "--as",
    "person",
    required=True,
    help=Words(
        ja="どの利用者の文書か（体験用の利用者の ID）。",
        en="Whose documents: the id of one of the demo's people.",
    ),
)
@option("--json", "as_data", is_flag=True, help=AS_JSON)
def documents(person: str, as_data: bool) -> None:
    """List the documents that a person may see."""
    with connect(settings()) as api, api.signed_in(person):
        response = api.get("/documents")
    if as_data:
        as_json(response.json())
        return
    found = DocumentList.model_validate_json(response.content)
    rows = [
        (
            row.title,
            f"{row.collection}/{row.path}",
            CLASSIFICATIONS[row.classification],
            LANGUAGES[row.language],
            f"{row.updated:%Y-%m-%d}",
        )
        for row in found.documents
    ]
    table((TITLE, DOCUMENT, CLASSIFICATION, LANGUAGE, _UPDATED), rows)
