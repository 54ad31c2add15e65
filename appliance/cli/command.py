"""What every command line shares: commands loaded when they are run, settings read once, errors said in one place."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from logging.handlers import RotatingFileHandler
from typing import NoReturn

import click

from appliance.cli import exits
from appliance.defects import unexpected
from appliance.errors import ApplianceError, HomeOfAnother
from appliance.models import Language
from appliance.settings import FILE, Settings, home_folder, load, require_owner, shell_language
from appliance.visible import visible


class Table(click.Group):
    """A group whose commands are named with their summary and loaded from `module:name` when they are run."""

    def __init__(self, commands_at: Mapping[str, tuple[str, str]], **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]  # click's own keywords, passed through
        self._at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the table's order."""
        return list(self._at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in self._at:
            return None
        module, name = self._at[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The summaries, without loading what they summarise."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in self._at.items()])


def settings() -> Settings:
    """The settings in force."""
    return load()


def run(command: click.Command, name: str, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and end the process with its exit code; no error ends in a traceback."""
    _log_to_file()
    try:
        code = command.main(args=arguments, prog_name=name, standalone_mode=False)
        sys.exit(code if isinstance(code, int) else exits.OK)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(exits.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read us has gone: there is nobody to say anything to, also when the stream is flushed at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(exits.OK)
    except ApplianceError as error:
        _end(name, error)
    except Exception as error:  # noqa: BLE001 - the edge: a defect is logged, and its reference shown
        _end(name, unexpected(error))


def _end(name: str, error: ApplianceError) -> NoReturn:
    click.echo(f"{name}: {visible(error.text(_language()))}", err=True)
    sys.exit(exits.code_of(error))


def _log_to_file() -> None:
    """A command's log is a file of the installation: a terminal is for the person who sits there."""
    folder = home_folder() / "log"
    try:
        require_owner(folder.parent)  # also a log of ours would be in its owner's way
        (folder.parent / FILE).stat()  # a folder that is no installation is left as it is
        folder.mkdir(mode=0o700, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(folder / "commands.log", maxBytes=5_000_000, backupCount=3)
    except (OSError, HomeOfAnother):  # no installation yet, or none of ours
        handler = logging.NullHandler()
    logging.basicConfig(
        level=logging.WARNING, handlers=[handler], format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )


def _language() -> Language:
    """The language to fail in: the settings themselves may be what is wrong."""
    try:
        return load().language
    except ApplianceError:
        return shell_language()
