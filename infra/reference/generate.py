"""Writes the pages of this folder from the code: settings, commands, exit codes, errors, audit actions, the API.

python infra/reference/generate.py            write them
python infra/reference/generate.py --check    exit 1 where one is not what the code says
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from pydantic_core import PydanticUndefined

import ingest.discover_errors
import ingest.errors
import ingest.manifest_errors
import ui.serve
from appliance.actions import ACTIONS
from appliance.api.app import routers
from appliance.api.problems import STATUS
from appliance.cli import appliance, click_words, exits
from appliance.cli.spoken import speaking
from appliance.errors import REGISTERED
from appliance.models import Language
from appliance.settings import Settings
from ingest.cli import ingest as ingest_command

HERE = Path(__file__).parent
_ALL_ERRORS = (ingest.errors, ingest.discover_errors, ingest.manifest_errors)  # imported: they register themselves
_HEAD = "<!-- Written by infra/reference/generate.py from the code. Do not edit. -->\n\n"


def settings() -> Iterator[str]:
    """Every key of settings.toml."""
    yield "# Settings"
    yield ""
    yield "One file, `$APPLIANCE_HOME/settings.toml`; `APPLIANCE_<KEY>` in the environment overrides a key."
    yield "Unknown keys are refused."
    yield "A `*_file` names a file that holds a secret (mode 0600), relative to APPLIANCE_HOME or a systemd credential."
    yield ""
    yield "| key | default | meaning |"
    yield "|---|---|---|"
    for name, field in Settings.model_fields.items():
        if name != "home":
            default = "" if field.default in (None, PydanticUndefined, "") else f"`{field.default}`"
            yield f"| `{name}` | {default} | {field.description} |"


def commands() -> Iterator[str]:
    """The help of every command."""
    yield from _commands("# Commands", "en")


def japanese_commands() -> Iterator[str]:
    """The same in Japanese."""
    yield from _commands("# コマンド", "ja")


def _commands(title: str, language: Language) -> Iterator[str]:
    yield title
    with speaking(language):
        yield from _all_help()


def _all_help() -> Iterator[str]:
    for root, name in ((appliance, "appliance"), (ingest_command, "ingest"), (ui.serve.portal, "portal")):
        yield from _help(root, name, None)


def _help(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    context = command.context_class(command, info_name=name, parent=parent, terminal_width=100, max_content_width=100)
    yield ""
    yield f"## {context.command_path}"
    yield ""
    yield "```"
    yield command.get_help(context)
    yield "```"
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None:
                yield from _help(found, child, context)


def exit_codes() -> Iterator[str]:
    """What a script may rely on."""
    yield "# Exit codes"
    yield ""
    yield "| code | meaning |"
    yield "|---|---|"
    for code, meaning in sorted(exits.MEANINGS.items()):
        yield f"| {code} | {meaning} |"
    yield ""
    yield "`appliance-verify`: 0 verified, 1 refused, 2 the command line is wrong."


def errors() -> Iterator[str]:
    """Every error with its code, status, exit code and both sentences."""
    yield "# Errors"
    yield ""
    yield "| code | HTTP | exit | sentence |"
    yield "|---|---|---|---|"
    for code, kind in sorted(REGISTERED.items()):
        status = next((STATUS[step] for step in kind.__mro__ if step in STATUS), "")
        ends = next((exits.CODES[step] for step in kind.__mro__ if step in exits.CODES), "")
        yield f"| `{code}` | {status} | {ends} | {_cell(kind.en)}<br>{_cell(kind.ja)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")


def audit_actions() -> Iterator[str]:
    """Everything that the log records."""
    yield "# Audit actions"
    yield ""
    yield "| action | English | 日本語 | OCSF class | activity |"
    yield "|---|---|---|---|---|"
    for action in ACTIONS.values():
        yield f"| `{action.name}` | {action.en} | {action.ja} | {action.ocsf_class} | {action.activity} |"


def api() -> Iterator[str]:
    """Every route; shapes are in the OpenAPI document that the API serves at /api/openapi.json."""
    yield "# API"
    yield ""
    yield "Under `/api`. The shapes are in `/api/openapi.json`; `POST /api/ask` answers with Server-Sent Events:"
    yield "`status`, `sources`, `token`, `citation`, `done`, `error`."
    yield ""
    yield "| method | path | what it does |"
    yield "|---|---|---|"
    for router in routers(demo=True):
        for route in router.routes:
            path, endpoint = getattr(route, "path", ""), getattr(route, "endpoint", None)
            said = (endpoint.__doc__ or "").strip().splitlines()[0] if endpoint else ""
            for method in sorted(getattr(route, "methods", ())):
                yield f"| {method} | `/api{path}` | {said} |"


PAGES = {
    "settings.md": settings,
    "commands.md": commands,
    "commands.ja.md": japanese_commands,
    "exit-codes.md": exit_codes,
    "errors.md": errors,
    "audit-actions.md": audit_actions,
    "api.md": api,
}


def main() -> None:
    """Write, or check."""
    click_words.install()
    stale = []
    for name, page in PAGES.items():
        text = _HEAD + "\n".join(page()) + "\n"
        file = HERE / name
        if "--check" in sys.argv[1:]:
            if not file.is_file() or file.read_text(encoding="utf-8") != text:
                stale.append(name)
        else:
            file.write_text(text, encoding="utf-8")
    if stale:
        sys.exit(f"infra/reference: not what the code says: {', '.join(stale)}. Run infra/reference/generate.py")


if __name__ == "__main__":
    main()
