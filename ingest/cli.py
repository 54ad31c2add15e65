"""`ingest`: documents in, kept in step with their folder, and out again."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance import __version__
from appliance.api.schemas.documents import COLLECTION_NAME
from appliance.cli import exits
from appliance.cli.command import run, settings
from appliance.cli.spoken import argument, group, option, version
from appliance.errors import ApplianceError, CollectionNameInvalid
from appliance.visible import one_line
from appliance.words import Words

if TYPE_CHECKING:
    from appliance.connect import Connection
    from appliance.models import Language
    from appliance.settings import Settings
    from ingest.discover import Survey
    from ingest.manifest import Manifest
    from ingest.pipeline import Pipeline
    from ingest.report import Row


def _formats() -> dict[str, str]:
    from ingest.convert.kind import accepted

    return {"formats": accepted()}


def _named(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    """Refused before anything is opened: a name is part of every request's address."""
    if name is not None and not COLLECTION_NAME.fullmatch(name):
        raise CollectionNameInvalid(name=name or '""')
    return name


_COLLECTION = option(
    "--collection", required=True, callback=_named, help=Words(ja="文書群の名前。", en="Name of the collection.")
)
_JSON = option("--json", "as_data", is_flag=True, help=Words(ja="結果を JSON で出力します。", en="The report as JSON."))
_FAIL_FAST = option(
    "--fail-fast",
    is_flag=True,
    help=Words(
        ja="取り込めないファイルがあれば、そこで終了します。", en="End at the first file that cannot be taken in."
    ),
)
_ROOT = argument(
    "root",
    type=click.Path(path_type=Path),
    help=Words(
        ja="文書群のフォルダー（collection.toml のある場所）。", en="The collection's folder, with its collection.toml."
    ),
)


@group(
    ja="""文書を取り込みます。文書群は 1 つのフォルダーで、誰が閲覧できるかをその中の collection.toml に書きます。

    取り込めるファイル: {formats}。中断したときは、同じコマンドをもう一度実行すると続きから行います。
    """,
    fields=_formats,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@version(__version__)
def ingest() -> None:
    """Take documents in. A collection is a folder with a collection.toml, which says who may see what.

    Files: {formats}. After an interruption run the same command again: it goes on.
    """


@ingest.command(ja="PATHS（同じ文書群のファイルまたはフォルダー）を取り込みます。何も削除しません。")
@argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    help=Words(ja="ファイルまたはフォルダー。", en="Files or folders."),
)
@_COLLECTION
@_FAIL_FAST
@_JSON
def add(paths: tuple[Path, ...], collection: str, fail_fast: bool, as_data: bool) -> int:
    """Take in PATHS, files or folders of one collection; nothing is removed."""
    from ingest.discover import survey

    root, rows = _root_of(paths[0]), _Rows()
    with _connected() as (api, configured), rows.told_if_broken_off(configured.language, as_data):
        pipeline = _pipeline(api, root, collection, configured, fail_fast=fail_fast)
        found = survey(root, only=paths, largest=configured.upload_bytes)
        if _unmatched(pipeline.manifest, found):
            whole = survey(root, largest=configured.upload_bytes)
            if faults := _unmatched(pipeline.manifest, whole):
                return _stopped(faults, configured.language, as_data)
        rows.take(pipeline, found)
        return _report(rows.known, configured.language, as_data)


@ingest.command(ja="文書群をフォルダー ROOT に合わせます。新しいファイルや変更を取り込み、なくなったものを削除します。")
@_ROOT
@_COLLECTION
@option(
    "--max-removals",
    type=click.IntRange(0, 100),
    default=10,
    show_default=True,
    help=Words(
        ja="文書群のうちこの割合（%）を超えて削除する場合は、止めて確認します。",
        en="Stop and ask before removing more than this percentage of the collection.",
    ),
)
@option(
    "--yes",
    is_flag=True,
    help=Words(ja="確認せず、なくなったものを削除します。", en="Do not ask; remove what is gone."),
)
@_FAIL_FAST
@_JSON
def sync(root: Path, collection: str, max_removals: int, yes: bool, fail_fast: bool, as_data: bool) -> int:
    """Make the collection what the folder ROOT is: new and changed files in, deleted ones out."""
    from ingest.discover import survey

    rows = _Rows()
    with _connected() as (api, configured), rows.told_if_broken_off(configured.language, as_data):
        pipeline = _pipeline(api, root, collection, configured, fail_fast=fail_fast)
        found = survey(root, largest=configured.upload_bytes)
        if faults := _unmatched(pipeline.manifest, found):
            return _stopped(faults, configured.language, as_data)
        gone = pipeline.removals(found)
        if (
            len(gone) * 100 > max_removals * len(pipeline.stored)
            and not yes
            and not _confirmed(gone, pipeline, configured.language)
        ):
            click.echo(_NOTHING_REMOVED.text(configured.language), err=True)
            if as_data:
                _stop_as_json("too-many-removals", _NOTHING_REMOVED.text(configured.language), removals=gone)
            return exits.STOPPED_TO_ASK
        rows.take(pipeline, found)
        rows.known.extend(pipeline.remove(gone))
        return _report(rows.known, configured.language, as_data)


@ingest.command(ja="PATHS の文書を、原本とページの画像とともに削除します。")
@argument(
    "paths",
    nargs=-1,
    required=True,
    help=Words(ja="文書群のフォルダーからの相対パス。", en="Paths relative to the collection's folder."),
)
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


@ingest.command(ja="文書群の文書と閲覧できる範囲を一覧にします。--collection がなければ、文書群の一覧です。")
@option("--collection", callback=_named, help=Words(ja="文書群の名前。", en="Name of the collection."))
@_JSON
def status(collection: str | None, as_data: bool) -> None:
    """List what the collection holds, and who sees it. Without --collection, list the collections."""
    from appliance.cli.output import as_json
    from ingest import show
    from ingest.access import seen_by
    from ingest.manifest_values import GroupNames
    from ingest.target import Target

    with _connected() as (api, configured):
        if collection is None:
            known = [str(name) for name in api.get("/collections").json()]
            if as_data:
                as_json(known)
            elif known:
                click.echo("\n".join(one_line(name) for name in known))
            return
        target = Target(api, collection)
        held, groups = target.documents(), target.groups()
        if not held:
            target.require()
    if as_data:
        names, language = GroupNames(groups), configured.language
        as_json(
            [
                {**document.model_dump(mode="json"), "seen_by": asdict(seen_by(document.access, names, language))}
                for document in held.values()
            ]
        )
    else:
        show.holding(held, groups, configured.language)


@ingest.command(
    ja="`sync ROOT` を実行した場合の結果をファイルごとに表示します。すべて読み取って変換しますが、何も保存しません。"
)
@_ROOT
@_COLLECTION
@_JSON
def check(root: Path, collection: str, as_data: bool) -> int:
    """Say what `sync ROOT` would do, file by file. Everything is read and converted, nothing is stored."""
    from ingest.discover import survey
    from ingest.manifest import MANIFEST
    from ingest.report import Row

    rows = _Rows()
    with _connected() as (api, configured):
        pipeline = _pipeline(api, root, collection, configured, dry=True)
        found = survey(root, largest=configured.upload_bytes)
        rows.take(pipeline, found)
        rows.known.extend(pipeline.remove(pipeline.removals(found)))
        faults = _unmatched(pipeline.manifest, found)
        rows.known.extend(
            Row(MANIFEST, "failed", reason=fault.text(configured.language), code=fault.code) for fault in faults
        )
        ends = _report(rows.known, configured.language, as_data, who_sees=True)
        return exits.UNMATCHED if faults else ends


_NOTHING_REMOVED = Words(
    ja="削除しませんでした。何も変更していません。意図した削除なら --yes を付けて実行してください。",
    en="Nothing was removed, and nothing else changed. If the removal is meant, run with --yes.",
)
_ASK = Words(ja="削除しますか", en="Remove them")


def _confirmed(gone: list[str], pipeline: Pipeline, language: Language) -> bool:
    """Name what would be removed, and ask where somebody is there to answer."""
    from ingest import show

    show.gone(gone, len(pipeline.stored), language)
    return sys.stdin.isatty() and click.confirm(_ASK.text(language), err=True)


def _unmatched(manifest: Manifest, found: Survey) -> Sequence[ApplianceError]:
    from ingest.overrides import unmatched_overrides

    return unmatched_overrides(manifest, found)


def _stop_as_json(code: str, message: str, **more: object) -> None:
    """Why nothing was done, where a script expects the rows of a run."""
    from appliance.cli.output import as_json

    as_json({"stopped": {"code": code, "message": message, **more}})


def _stopped(faults: Sequence[ApplianceError], language: Language, as_data: bool) -> int:
    from ingest import show

    show.stopped(faults, language)
    if as_data:
        _stop_as_json(faults[0].code, "\n".join(fault.text(language) for fault in faults))
    return exits.UNMATCHED


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
    from appliance.embedding.installed import installed_embedder
    from ingest.confine import ESSENTIAL
    from ingest.converted import Limits
    from ingest.discover_errors import RootMissing
    from ingest.manifest import read_manifest
    from ingest.pipeline import Options, Pipeline
    from ingest.target import Target

    if not root.is_dir():
        raise RootMissing(path=root)
    target = Target(api, collection)
    manifest = read_manifest(root, target.groups())
    guards = ESSENTIAL if configured.conversion_guards == "required" else frozenset[str]()
    limits = Limits.for_files_of(configured.upload_bytes)
    options = Options(configured.language, guards, limits, fail_fast=fail_fast, dry=dry)
    return Pipeline(target, manifest, installed_embedder(), options)


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


def _report(rows: list[Row], language: Language, as_data: bool, *, who_sees: bool = False) -> int:
    from appliance.cli.output import as_json
    from ingest import show

    rows = sorted(rows, key=lambda row: row.path)
    if as_data:
        as_json([row.as_json() for row in rows])
    else:
        show.report(rows, language, who_sees=who_sees)
    return exits.SOME_FAILED if any(row.state == "failed" for row in rows) else exits.OK


def main() -> None:
    """Entry point."""
    run(ingest, "ingest")
