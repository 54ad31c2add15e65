"""`ingest`: documents in, kept in step with their folder, and out again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance import __version__
from appliance.cli import exits
from appliance.cli.command import run, settings
from appliance.errors import ApplianceError

if TYPE_CHECKING:
    from appliance.connect import Connection
    from appliance.models import Language
    from appliance.settings import Settings
    from ingest.discover import Survey
    from ingest.pipeline import Pipeline
    from ingest.report import Row

_COLLECTION = click.option("--collection", required=True, help="Name of the collection.")
_JSON = click.option("--json", "as_data", is_flag=True, help="The report as JSON.")
_FAIL_FAST = click.option("--fail-fast", is_flag=True, help="End at the first file that cannot be taken in.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def ingest() -> None:
    """Take documents in. A collection is a folder with a collection.toml, which says who may see what.

    Formats: PDF, DOCX, XLSX, HTML, CSV, Markdown, TXT. After an interruption run the same command again: it goes on.
    """


@ingest.command
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@_COLLECTION
@_FAIL_FAST
@_JSON
def add(paths: tuple[Path, ...], collection: str, fail_fast: bool, as_data: bool) -> int:
    """Take in PATHS, files or folders of one collection; nothing is removed."""
    from ingest.discover import survey

    root, rows = _root_of(paths[0]), _Rows()
    with _connected() as (api, configured), rows.told_if_broken_off(configured.language, as_data):
        pipeline = _pipeline(api, root, collection, configured, fail_fast=fail_fast)
        rows.take(pipeline, survey(root, only=paths, largest=configured.upload_bytes))
        return _report(rows.known, configured.language, as_data)


@ingest.command
@click.argument("root", type=click.Path(path_type=Path))
@_COLLECTION
@click.option(
    "--max-removals",
    type=click.IntRange(0, 100),
    default=10,
    show_default=True,
    help="Stop and ask before removing more than this percentage of the collection.",
)
@click.option("--yes", is_flag=True, help="Do not ask; remove what is gone.")
@_FAIL_FAST
@_JSON
def sync(root: Path, collection: str, max_removals: int, yes: bool, fail_fast: bool, as_data: bool) -> int:
    """Make the collection what the folder ROOT is: new and changed files in, deleted ones out."""
    from ingest.discover import survey

    rows = _Rows()
    with _connected() as (api, configured), rows.told_if_broken_off(configured.language, as_data):
        pipeline = _pipeline(api, root, collection, configured, fail_fast=fail_fast)
        found = survey(root, largest=configured.upload_bytes)
        gone = pipeline.removals(found)
        if (
            len(gone) * 100 > max_removals * len(pipeline.stored)
            and not yes
            and not _confirmed(gone, pipeline, configured.language)
        ):
            click.echo(
                _TOO_MANY[configured.language == "en"].format(gone=len(gone), all=len(pipeline.stored)), err=True
            )
            return exits.STOPPED_TO_ASK
        rows.take(pipeline, found)
        rows.known.extend(pipeline.remove(gone))
        return _report(rows.known, configured.language, as_data)


@ingest.command
@click.argument("paths", nargs=-1, required=True)
@_COLLECTION
@_JSON
def remove(paths: tuple[str, ...], collection: str, as_data: bool) -> int:
    """Remove the documents at PATHS, relative to the collection's root, with originals and pictures."""
    from ingest.report import Row
    from ingest.target import Target

    rows = _Rows()
    with _connected() as (api, configured), rows.told_if_broken_off(configured.language, as_data):
        target = Target(api, collection)
        for path in paths:
            target.remove(path)
            rows.known.append(Row(path, "removed"))
        return _report(rows.known, configured.language, as_data)


@ingest.command
@_COLLECTION
@_JSON
def status(collection: str, as_data: bool) -> None:
    """List what the collection holds."""
    from appliance.cli.output import as_json, table
    from ingest.target import Target

    with _connected() as (api, _):
        held = Target(api, collection).documents()
    if as_data:
        as_json([document.model_dump(mode="json") for document in held.values()])
        return
    rows = [
        (path, document.title, document.access.classification, ", ".join(document.access.groups), document.language)
        for path, document in held.items()
    ]
    table(("document", "title", "classification", "groups", "language"), rows)


@ingest.command
@click.argument("root", type=click.Path(path_type=Path))
@_COLLECTION
@_JSON
def check(root: Path, collection: str, as_data: bool) -> int:
    """Say what `sync ROOT` would do, file by file. Everything is read and converted, nothing is stored."""
    from ingest.discover import survey

    rows = _Rows()
    with _connected() as (api, configured):
        pipeline = _pipeline(api, root, collection, configured, dry=True)
        found = survey(root, largest=configured.upload_bytes)
        rows.take(pipeline, found)
        rows.known.extend(pipeline.remove(pipeline.removals(found)))
        return _report(rows.known, configured.language, as_data)


_TOO_MANY = (
    "文書群 {all} 件のうち {gone} 件がフォルダーにありません。何も変更していません。"
    "意図した削除なら --yes を付けて実行してください。",
    "{gone} of the collection's {all} documents are not in the folder. Nothing was changed. "
    "If that is meant, run with --yes.",
)
_ASK = (
    "文書群 {all} 件のうち {gone} 件がフォルダーにありません。削除しますか",
    "{gone} of the collection's {all} documents are not in the folder. Remove them",
)


def _confirmed(gone: list[str], pipeline: Pipeline, language: Language) -> bool:
    if not sys.stdin.isatty():
        return False
    return click.confirm(_ASK[language == "en"].format(gone=len(gone), all=len(pipeline.stored)), err=True)


def _root_of(path: Path) -> Path:
    """The collection's root: the nearest folder at or above `path` with a manifest; without one, the folder itself."""
    from ingest.manifest import MANIFEST

    start = path.absolute()
    for folder in (start, *start.parents):
        if (folder / MANIFEST).is_file():
            return folder
    return start if start.is_dir() else start.parent


@contextmanager
def _connected() -> Iterator[tuple[Connection, Settings]]:
    from appliance.connect import connect

    configured = settings()
    with connect(configured) as api:
        yield api, configured


def _pipeline(
    api: Connection, root: Path, collection: str, configured: Settings, *, fail_fast: bool = False, dry: bool = False
) -> Pipeline:
    from appliance.embedding.e5 import E5Embedder
    from ingest.confine import ESSENTIAL
    from ingest.converted import Limits
    from ingest.manifest import read_manifest
    from ingest.pipeline import Options, Pipeline
    from ingest.target import Target

    target = Target(api, collection)
    manifest = read_manifest(root, target.groups())
    guards = ESSENTIAL if configured.conversion_guards == "required" else frozenset[str]()
    limits = Limits.for_files_of(configured.upload_bytes)
    options = Options(configured.language, guards, limits, fail_fast=fail_fast, dry=dry)
    return Pipeline(target, manifest, E5Embedder(), options)


class _Rows:
    """The rows of a run, as far as it came."""

    def __init__(self) -> None:
        self.known: list[Row] = []

    def take(self, pipeline: Pipeline, found: Survey) -> None:
        """Every row, with a bar on a terminal."""
        total, quiet = len(found.files) + len(found.refused), not sys.stderr.isatty()
        with click.progressbar(pipeline.rows(found), length=total, file=sys.stderr, hidden=quiet) as bar:
            for row in bar:
                self.known.append(row)

    @contextmanager
    def told_if_broken_off(self, language: Language, as_data: bool) -> Iterator[None]:
        """What was stored stays, so it is reported, also where the run ends with an error."""
        try:
            yield
        except (ApplianceError, KeyboardInterrupt):
            if self.known:
                _report(self.known, language, as_data)
            raise


def _report(rows: list[Row], language: Language, as_data: bool) -> int:
    from appliance.cli.output import as_json, table
    from ingest.report import state_word, summary

    rows = sorted(rows, key=lambda row: row.path)
    if as_data:
        as_json([row.as_json() for row in rows])
    else:
        shown = [row for row in rows if row.state != "unchanged"]
        head = ("document", "state", "chunks", "notes") if language == "en" else ("文書", "状態", "断片", "備考")
        cells = [
            (row.path, state_word(row.state, language), str(row.chunks or ""), row.reason or " ".join(row.notes))
            for row in shown
        ]
        if cells:
            table(head, cells)
        click.echo(summary(rows, language))
    return exits.SOME_FAILED if any(row.state == "failed" for row in rows) else exits.OK


def main() -> None:
    """Entry point."""
    run(ingest, "ingest")
