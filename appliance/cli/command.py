"""What every command line shares: settings read once, errors said in one place, in one language."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from typing import NoReturn

import click

from appliance.cli import click_words, exits
from appliance.cli.spoken import shown_in, speaking
from appliance.defects import unexpected
from appliance.errors import ApplianceError
from appliance.settings import FILE, Settings, home_folder, load
from appliance.visible import visible


def settings() -> Settings:
    """The settings in force."""
    return load()


def run(command: click.Command, name: str, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and end the process with its exit code; no error ends in a traceback."""
    _log_to_file()
    click_words.install()
    with speaking(shown_in()):
        _run(command, name, arguments)


def _run(command: click.Command, name: str, arguments: Sequence[str] | None) -> NoReturn:
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
    click.echo(f"{name}: {visible(error.text(shown_in()))}", err=True)
    sys.exit(exits.code_of(error))


def _log_to_file() -> None:
    """A command's log is a file of the installation: a terminal is for the person who sits there."""
    folder = home_folder() / "log"
    try:
        (folder.parent / FILE).stat()  # a folder that is no installation is left as it is
        folder.mkdir(mode=0o700, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(folder / "commands.log", maxBytes=5_000_000, backupCount=3)
    except OSError:  # no installation yet, or none of ours
        handler = logging.NullHandler()
    logging.basicConfig(
        level=logging.WARNING, handlers=[handler], format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
