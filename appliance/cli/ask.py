"""`appliance ask`: a question, its answer as it is written, and where it stands."""

from __future__ import annotations

import json
import re
import sys

import click

from appliance.api.schemas import Problem
from appliance.api.schemas.answers import CitationEvent, DoneEvent, Source, SourcesEvent, TokenEvent
from appliance.cli.command import settings
from appliance.cli.output import as_json
from appliance.cli.spoken import argument, command, option
from appliance.connect import Connection, connect
from appliance.errors import ApiProblem
from appliance.models import Language
from appliance.places import place
from appliance.visible import one_line, visible
from appliance.words import Words

_MARKER = re.compile(r"\[\s*(\d{1,6})\s*\]")
_BEGUN = re.compile(r"\[\s{0,3}(\d{1,6}\s{0,3})?$")
_NONE = Words(
    ja="閲覧できる文書の中に、根拠となる記述が見つかりませんでした。",
    en="No supporting passage was found in the documents you may see.",
)
_SOURCES = Words(ja="出典", en="Sources")


@command(ja="QUESTION に答えます。その利用者が閲覧できる文書だけから引用し、その場所を示します。")
@argument("question", help=Words(ja="質問。", en="The question."))
@option(
    "--as",
    "person",
    required=True,
    help=Words(
        ja="誰として質問するか（体験用の利用者の ID）。",
        en="Whose question it is: the id of one of the demo's people.",
    ),
)
@option("--conversation", help=Words(ja="この会話の続きとして質問します。", en="Go on with this conversation."))
@option(
    "--json",
    "as_data",
    is_flag=True,
    help=Words(ja="回答全体を、完成してから JSON で出力します。", en="The whole answer as JSON, when it is done."),
)
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


class Quoted:
    """Text of documents on its way to the terminal. A number in brackets that stands in it would pass for a citation of
    ours, so it is shown in wide brackets; a piece that may be the beginning of one waits for the next."""

    def __init__(self) -> None:
        self._waiting = ""

    def said(self, piece: str) -> str:
        """What can be shown now."""
        text = _MARKER.sub(r"［\1］", self._waiting + piece)
        begun = _BEGUN.search(text)
        self._waiting = text[begun.start() :] if begun else ""
        return text[: begun.start()] if begun else text

    def rest(self) -> str:
        """What waited for a piece that does not come any more."""
        text, self._waiting = self._waiting, ""
        return text


class _Printer:
    """Prints an answer while it comes; a sentence's chips follow it."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._sentence = -1
        self._sources: list[Source] = []
        self._cited: list[int] = []
        self._quoted = Quoted()

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
            click.echo(self._quoted.rest())
        self._sentence = token.sentence
        click.echo(visible(self._quoted.said(token.text)), nl=False)
        sys.stdout.flush()

    def _citation(self, citation: CitationEvent) -> None:
        click.echo(self._quoted.rest(), nl=False)
        click.echo(f" {_chip(citation.number)}", nl=False)
        if citation.number not in self._cited:
            self._cited.append(citation.number)

    def _done(self, done: DoneEvent) -> None:
        click.echo(self._quoted.rest(), nl=False)
        if done.outcome == "no-evidence":
            click.echo(_NONE.text(done.language))
            return
        click.echo(f"\n\n{_SOURCES.text(self._language)}")
        for source in self._sources:
            if source.number in self._cited:
                at = f"{source.collection}/{self.where(source)}"
                click.echo(f"  {_chip(source.number)} {one_line(source.title)} ({at})")

    def where(self, source: Source) -> str:
        """Path and page, section or sheet."""
        return one_line(f"{source.path}, {place(source.part_kind, source.part_label, self._language)}")


def _chip(number: int) -> str:
    return click.style(f"[{number}]", bold=True, fg="cyan")
