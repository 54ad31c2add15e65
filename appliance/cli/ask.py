"""`appliance ask`: a question, its answer as it is written, and where it stands."""

from __future__ import annotations

import json
import sys

import click

from appliance.api.schemas import Problem
from appliance.api.schemas.answers import CitationEvent, DoneEvent, Source, SourcesEvent, TokenEvent
from appliance.cli.command import settings
from appliance.cli.output import as_json
from appliance.connect import Connection, connect
from appliance.errors import ApiProblem
from appliance.models import Language
from appliance.places import place
from appliance.visible import one_line, visible

_WORDS = {
    "none": (
        "閲覧できる文書の中に、根拠となる記述が見つかりませんでした。",
        "No supporting passage was found in the documents you may see.",
    ),
    "sources": ("出典", "Sources"),
}


@click.command
@click.argument("question")
@click.option("--as", "person", required=True, help="Whose question it is: the id of one of the demo's people.")
@click.option("--conversation", help="Go on with this conversation.")
@click.option("--json", "as_data", is_flag=True, help="The whole answer as JSON, when it is done.")
def ask(question: str, person: str, conversation: str | None, as_data: bool) -> None:
    """Ask QUESTION. The answer quotes only what the person may see, and cites where it stands."""
    configured = settings()
    with connect(configured) as api, api.signed_in(person):
        body = {"question": question, "conversation": conversation}
        if as_data:
            as_json(_collected(api, body))
        else:
            _Printer(configured.language).print(api, body)


def _collected(api: Connection, body: object) -> dict[str, object]:
    out: dict[str, object] = {"citations": []}
    citations: list[object] = []
    for event in api.stream("/ask", body):
        data = json.loads(event.data)
        if event.name == "error":
            raise ApiProblem(code=data["code"], message=data["message"])
        if event.name == "citation":
            citations.append(data)
        elif event.name == "status":
            out |= {"conversation": data["conversation"], "case": data["case"]}
        elif event.name in ("sources", "done"):
            out |= data
    return {**out, "citations": citations}


class _Printer:
    """Prints an answer while it comes; a sentence's chips follow it."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._sentence = -1
        self._sources: list[Source] = []
        self._cited: list[int] = []

    def print(self, api: Connection, body: object) -> None:
        """The stream to standard output."""
        for event in api.stream("/ask", body):
            match event.name:
                case "sources":
                    self._sources = SourcesEvent.model_validate_json(event.data).sources
                case "token":
                    self._token(TokenEvent.model_validate_json(event.data))
                case "citation":
                    self._citation(CitationEvent.model_validate_json(event.data))
                case "done":
                    self._done(DoneEvent.model_validate_json(event.data))
                case "error":
                    problem = Problem.model_validate_json(event.data)
                    raise ApiProblem(code=problem.code, message=problem.message)

    def _token(self, token: TokenEvent) -> None:
        if token.sentence != self._sentence and self._sentence >= 0:
            click.echo()
        self._sentence = token.sentence
        click.echo(visible(token.text), nl=False)
        sys.stdout.flush()

    def _citation(self, citation: CitationEvent) -> None:
        click.echo(f" [{citation.number}]", nl=False)
        if citation.number not in self._cited:
            self._cited.append(citation.number)

    def _done(self, done: DoneEvent) -> None:
        if done.outcome == "no-evidence":
            click.echo(_WORDS["none"][done.language == "en"])
            return
        click.echo(f"\n\n{_WORDS['sources'][self._language == 'en']}")
        for source in self._sources:
            if source.number in self._cited:
                click.echo(f"  [{source.number}] {one_line(source.title)} ({source.collection}/{self.where(source)})")

    def where(self, source: Source) -> str:
        """Path and page, section or sheet."""
        return one_line(f"{source.path}, {place(source.part_kind, source.part_label, self._language)}")
