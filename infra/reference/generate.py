"""Writes the pages of this folder from the code: what may be set, what commands there are, what comes of them.

python infra/reference/generate.py            write them
python infra/reference/generate.py --check    exit 1 where one is not what the code says
"""

from __future__ import annotations

import sys
from argparse import HelpFormatter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import click
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import ingest.discover_errors
import ingest.errors
import ingest.manifest_errors
import ui.serve
from appliance.actions import ACTIONS, RECORDS, Record
from appliance.api.app import routers
from appliance.api.problems import STATUS
from appliance.audit.verify import parser
from appliance.auth.directory import GroupEntry, PersonEntry
from appliance.cli import appliance, click_words, exits
from appliance.cli.spoken import speaking
from appliance.errors import REGISTERED
from appliance.fields import COMMON, KINDS, Field
from appliance.models import Language
from appliance.settings import Settings
from ingest.cli import ingest as ingest_command
from ingest.manifest_values import KEYS, MEANINGS, NEEDED

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
    yield "| key | default | from - to | meaning |"
    yield "|---|---|---|---|"
    for name, field in Settings.model_fields.items():
        if name != "home":
            yield f"| `{name}` | {_default(field)} | {_range(field)} | {field.description} |"


def _default(field: FieldInfo) -> str:
    return "" if field.default in (None, PydanticUndefined, "") else f"`{field.default}`"


def _range(field: FieldInfo) -> str:
    """The least and the greatest value, of a number."""
    bounds = [str(getattr(rule, name)) for name in ("ge", "le") for rule in field.metadata if hasattr(rule, name)]
    return " - ".join(bounds)


def people() -> Iterator[str]:
    """Every key of the demo identity's directory."""
    yield "# people.toml"
    yield ""
    yield "The file that the setting `people` names: the groups, and who may sign in. Unknown keys are refused."
    for kind, entry in (("group", GroupEntry), ("person", PersonEntry)):
        yield ""
        yield f"## [[{kind}]]"
        yield ""
        yield "| key | | meaning |"
        yield "|---|---|---|"
        for name, field in entry.model_fields.items():
            yield f"| `{name}` | {'needed' if field.is_required() else ''} | {field.description} |"


def manifest() -> Iterator[str]:
    """Every key of a collection's manifest."""
    yield "# collection.toml"
    yield ""
    yield "The manifest in the folder of a collection says who may see what lies beside and below it. Unknown keys are"
    yield "refused; without a manifest nothing is taken in. `ingest check` shows who will see what, file by file."
    yield ""
    yield "| key | | meaning |"
    yield "|---|---|---|"
    for name in KEYS:
        yield f"| `{name}` | {'needed' if name in NEEDED else ''} | {MEANINGS[name]} |"
    yield "| `[[override]]` | | Replaces the keys that it names where its `path` matches; the last wins, key by key. |"
    yield "| `path` | needed in an override | Pattern relative to the folder: `*` within a name, `**` over folders. |"


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
    verifier = parser()
    verifier.formatter_class = partial(HelpFormatter, width=100)  # else as wide as whose terminal this is
    yield from ("", f"## {verifier.prog}", "", "```", verifier.format_help().rstrip(), "```")


def _help(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    context = command.context_class(
        command, info_name=name, parent=parent, terminal_width=100, max_content_width=100, **command.context_settings
    )
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


_ABOUT = """
Every event is one leaf of the log, as canonical JSON: `action`, `actor` (`id`, `kind`), `case`, `commitments`,
`details`, `id`, `outcome`, `time`, `v`. All events of one question, search or change share a `case`. Events are made in
one place (`appliance/acts.py`), which refuses what this page does not declare.

- **Time** is UTC with microseconds, ends in `Z`, and never runs backwards within the log; pages and commands show it in
  the reader's zone.
- **Texts** (questions, answers, names, paths) never stand in a leaf. Each stands beside the log with 32 random bytes of
  salt; the leaf holds `commitments.<name>` = sha256(salt || text in UTF-8), in hex. An export shows both to whom it is
  given. Once salt and text are destroyed, nobody can try texts against the leaf, and the log still verifies.
- **Scores** stand beside the log for the same reason: they are computed from the question. Which passages were found,
  and in which order, does stand in the leaf: it tells what a question was about, not its words.
- **A passage** that was found is proved by `passages[].text` = sha256(salt || the passage as it was sent, in UTF-8),
  also after its document was removed: the salt stands in the text `passages` beside the log, the passage itself does
  not.
- **Documents** have their hash in the leaf without a salt: whoever has a file can tell whether it was stored.
- **`filter.sha256`** is the sha256 of the ids of all admitted access lists, in decimal, ascending, joined by commas, in
  ASCII. `filter.lists` has the same ids; `document.stored` and `access.changed` say what each list admits.
- **Sessions**: `session` is the same in every act of one session and in its `session.opened`. It is not the cookie and
  does not lead to it. `by` says that the owner of the installation acted as this person (`appliance ... --as`); such a
  session was opened `via` private-socket.

## Refusals

A refused request of a person or of the owner is one event: `access.denied` where the caller may not (or where it is
said not to exist because they may not), `request.failed` where the request was wrong or a part could not work.
Questions and searches that fail after they were accepted end in their own events instead. A path or method that does
not exist is refused before anybody is asked who they are: it counts as nobody's.

Refused requests of nobody (no session, another Host or Origin, another user on the private socket, a wrong name at the
sign-in) are recorded once per source and error in a minute, at once; the rest of that minute is one more event with
`count` and `seconds`, written when the minute ends or the appliance stops. More than 200 sources and errors in one
minute are counted together as `others`.

## What is not recorded

- `/health`, `/ready`, `/openapi.json`, the sign-in page's list of the demo's people, `/me`, `/groups`, `/embedder`, and
  thumbnails too small to read (that they were shown stands with the question).
- The same view of the log by the same session again within ten minutes (the portal draws its list at every press).
- Files and pages of the portal itself, and what its gate turns away before a request reaches the API.
- What a command decides by itself: `ingest` refusing a file that it cannot read, or stopping before it removes more
  documents than allowed. It has asked the API for its list by then (`documents.listed`), and for nothing else.
- A process that is killed leaves no `service.stopped`; the next `settings.loaded` follows without one.
- What root does beside the appliance: reading files, the database or the key. Anchor checkpoints outside the box.
"""


def audit_actions() -> Iterator[str]:
    """Everything that the log records."""
    yield "# Audit actions"
    yield from _ABOUT.rstrip().splitlines()
    yield ""
    yield "## Actions"
    yield ""
    yield "| action | English | 日本語 | OCSF class | activity |"
    yield "|---|---|---|---|---|"
    for action in ACTIONS.values():
        yield f"| `{action.name}` | {action.en} | {action.ja} | {action.ocsf_class} | {action.activity} |"
    yield ""
    yield "## Fields"
    yield ""
    yield "Kinds: " + "; ".join(f"`{kind}`: {meaning}" for kind, meaning in KINDS.items()) + "."
    yield "A field in brackets may be missing or null. Every action may also have:"
    yield ""
    yield from _fields(COMMON, "")
    for record in RECORDS.values():
        yield from _action(record)


def _action(record: Record) -> Iterator[str]:
    yield ""
    yield f"### `{record.action.name}`"
    yield ""
    yield f"{record.action.en}. Actors: {', '.join(record.actors)}. Outcomes: {', '.join(record.outcomes)}."
    if record.fields:
        yield ""
        yield from _fields(record.fields, "")
    if record.texts:
        yield ""
        yield "Beside the log: " + "; ".join(f"`{name}`: {meaning}" for name, meaning in record.texts.items()) + "."


def _fields(fields: Sequence[Field], indent: str) -> Iterator[str]:
    for field in fields:
        name = f"`{field.name}`" if field.needed else f"[`{field.name}`]"
        yield f"{indent}- {name} ({field.kind}): {field.meaning}"
        yield from _fields(field.inner, indent + "  ")


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
    "people.md": people,
    "manifest.md": manifest,
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
