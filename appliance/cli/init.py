"""`appliance init`: the folder, its settings, the log and its key."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from appliance.errors import HomeUsed
from appliance.settings import FILE, home_folder

_SETTINGS = """\
# Settings of this installation. Every key, with its default: infra/reference/settings.md
identity = "demo"
people = "people.toml"
"""


@click.command
@click.option(
    "--people",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="File with the groups and people of the demo identity; it is copied.",
)
@click.option("--port", type=int, help="Port of portal and API, where it is not the default.")
def init(people: Path, port: int | None) -> None:
    """Make a new installation in APPLIANCE_HOME: settings, data folder, audit log and its signing key."""
    from appliance.audit.log import AuditLog

    home = home_folder()
    if (home / FILE).exists():
        raise HomeUsed(path=home)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    for folder in ("data", "keys", "run"):
        (home / folder).mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(people, home / "people.toml")
    AuditLog.create(home / "data" / "audit.db", home / "keys" / "audit.key", "appliance.local/audit")
    # Last: only a whole installation has settings, so that a killed `init` can be run again.
    text = _SETTINGS + (f"port = {port}\n" if port else "")
    (home / FILE).write_text(text, encoding="utf-8")
    click.echo(f"{home}")
