"""`appliance init`: the folder, its settings, the log and its key."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from appliance.cli.spoken import command, option
from appliance.errors import HomeNotEmpty, HomeUnusable, HomeUsed
from appliance.settings import FILE, home_folder
from appliance.words import Words

_SETTINGS = """\
# Settings of this installation. Every key, with its default: infra/reference/settings.md
identity = "demo"
people = "people.toml"
"""
_FOLDERS = ("data", "keys", "run")
_PEOPLE = "people.toml"
_EXAMPLES = "examples.toml"


@command(ja="APPLIANCE_HOME に新しい環境を作ります（設定、データのフォルダー、監査ログとその署名鍵）。")
@option(
    "--people",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help=Words(
        ja="体験用のグループと利用者を書いたファイル（コピーして使います）。",
        en="File with the groups and people of the demo identity; it is copied.",
    ),
)
@option(
    "--examples",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=Words(
        ja="ポータルの最初の画面に出す質問の例を書いたファイル（コピーして使います）。",
        en="File with questions that the portal's empty page offers; it is copied.",
    ),
)
@option(
    "--port",
    type=click.IntRange(1, 65535),
    help=Words(
        ja="ポータルと API のポート（既定と違う場合）。", en="Port of portal and API, where it is not the default."
    ),
)
def init(people: Path, examples: Path | None, port: int | None) -> None:
    """Make a new installation in APPLIANCE_HOME: settings, data folder, audit log and its signing key."""
    from appliance.auth.people import People

    home = home_folder()
    People(people)  # a file that nobody could sign in with is refused now, not at the first start
    try:
        _refuse_used(home)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
        for folder in _FOLDERS:
            (home / folder).mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(people, home / _PEOPLE)
        if examples:
            shutil.copyfile(examples, home / _EXAMPLES)
        _audit_log(home / "data" / "audit.db", home / "keys" / "audit.key")
        # Last, and whole or not at all: only a whole installation has settings, so a killed `init` can be run again.
        waiting = home / f"{FILE}.new"
        more = (f"port = {port}\n" if port else "") + (f'examples = "{_EXAMPLES}"\n' if examples else "")
        waiting.write_text(_SETTINGS + more, encoding="utf-8")
        waiting.rename(home / FILE)
    except OSError as error:
        raise HomeUnusable(path=error.filename or home, why=error.strerror or error) from error
    click.echo(f"{home}")


def _refuse_used(home: Path) -> None:
    """An installation is never made over another one, nor in a folder that serves something else."""
    if (home / FILE).exists():
        raise HomeUsed(path=home)
    if home.exists():
        ours = {*_FOLDERS, _PEOPLE, _EXAMPLES, f"{FILE}.new"}  # of a run that was killed
        others = sorted(path.name for path in home.iterdir() if path.name not in ours)
        if others:
            raise HomeNotEmpty(path=home, found=", ".join(others[:5]))


def _audit_log(log: Path, key: Path) -> None:
    from appliance.audit.log import AuditLog

    if log.exists() and key.exists():  # of a run that was killed: nothing was ever recorded in it
        AuditLog.open(log, key).close()
    else:
        AuditLog.create(log, key, "appliance.local/audit")
