"""`appliance-verify --key VKEY [--since CHECKPOINT] [--require-complete] [--json] [--lang en|ja] EXPORT`

Exit codes: 0 verified, 1 refused, 2 the command was not given what it needs, 3 what is there holds, but texts that the
log commits to are missing. It runs anywhere with Python and the `cryptography` package, without an installation, a
network or any file of the appliance but the export; `make verifier` puts it into one file.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from appliance.audit.examine import Since, Verdict, examine
from appliance.audit.note import VerifierKey
from appliance.audit.texts import VERDICTS
from appliance.errors import AuditKeyInvalid, VerifierInputUnusable
from appliance.models import Language
from appliance.visible import visible

VERIFIED, REFUSED, USAGE, MISSING = 0, 1, 2, 3
_MAX_INPUT = 1 << 20
_MOST_SAID = 20  # missing texts


def main(arguments: Sequence[str] | None = None, out: TextIO | None = None) -> int:
    """Run the command; returns the exit code, which the console script passes on."""
    options = parser().parse_args(arguments)
    out = out or sys.stdout
    language: Language = options.lang
    try:
        folder = Path(options.export)
        if not folder.is_dir():
            raise VerifierInputUnusable(file=folder, why=os.strerror(errno.ENOTDIR))
        key = _key(options.key)
        since = None if options.since is None else Since(options.since, _bytes(options.since))
    except (VerifierInputUnusable, AuditKeyInvalid) as error:
        sys.stderr.write(error.text(language) + "\n")
        return USAGE
    warnings = [_say("key-inside", language, key=visible(options.key))] if _lies_in(options.key, folder) else []
    verdict = examine(folder, key, since, complete=options.require_complete)
    if options.json:
        out.write(_as_json(verdict, folder, language, warnings) + "\n")
    else:
        sys.stderr.writelines(f"{warning}\n" for warning in warnings)
        out.write("\n".join(_as_text(verdict, folder, language)) + "\n")
    if verdict.verified:
        return VERIFIED
    return MISSING if verdict.only_missing else REFUSED


def _lies_in(key: str, folder: Path) -> bool:
    return Path(key).resolve().is_relative_to(folder.resolve())


def parser() -> argparse.ArgumentParser:
    """The command line, with its help."""
    made = argparse.ArgumentParser(
        prog="appliance-verify",
        description="Verify an export of the audit log with a key that did not come with it.",
        epilog="Exit codes: 0 verified, 1 refused, 2 wrong use, 3 the log holds, but texts are missing.",
        allow_abbrev=False,
    )
    made.add_argument("export", metavar="EXPORT", help="the folder of the export")
    made.add_argument("--key", required=True, metavar="VKEY", help="the log's verifier key, from a place you trust")
    made.add_argument("--since", metavar="CHECKPOINT", help="a checkpoint kept earlier: the log must continue it")
    made.add_argument("--require-complete", action="store_true", help="refuse an export that shows a selection")
    made.add_argument("--json", action="store_true", help="the result as one JSON object, with every problem")
    made.add_argument("--lang", choices=("en", "ja"), default="en", help="the language of the sentences")
    return made


def _key(path: str) -> VerifierKey:
    data = _bytes(path)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise AuditKeyInvalid(where=path, why="it is not text") from error
    return VerifierKey.decode(text.strip("\r\n "), path)


def _bytes(path: str) -> bytes:
    """The content of a small file, read once: a process substitution gives it once only."""
    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_INPUT + 1)
    except OSError as error:
        raise VerifierInputUnusable(file=path, why=error.strerror or error) from error
    if len(data) > _MAX_INPUT:
        raise VerifierInputUnusable(file=path, why=os.strerror(errno.EFBIG))
    return data


def _say(name: str, language: Language, **values: object) -> str:
    return VERDICTS[name][language == "ja"].format(**values)


def _as_text(verdict: Verdict, folder: Path, language: Language) -> list[str]:
    chosen = verdict.selection.parts()
    facts = {
        "origin": verdict.origin,
        "size": verdict.size,
        "events": verdict.events,
        "created": verdict.created,
        "root": verdict.root,
        "parts": visible(", ".join(chosen)) if chosen else _say("all", language),
    }
    if verdict.verified:
        lines = [_say("selection" if chosen else "whole", language, folder=visible(str(folder)), **facts)]
    elif verdict.only_missing:
        named = [problem.text(language) for problem in verdict.problems[:_MOST_SAID]]
        lines = [_say("missing", language, missing=verdict.missing), *named]
        if verdict.missing > len(named):
            lines.append(_say("more", language, count=verdict.missing - len(named)))
        lines.append(_say("of", language, **facts))
    else:
        more = len(verdict.problems) - 1
        lines = [verdict.problems[0].text(language), *([_say("more", language, count=more)] if more else [])]
    if verdict.since is not None:
        lines.append(_say("since", language, since=verdict.since))
    return lines


def _as_json(verdict: Verdict, folder: Path, language: Language, warnings: Sequence[str]) -> str:
    chosen = verdict.selection
    return json.dumps(
        {
            "export": str(folder),
            "verified": verdict.verified,
            "origin": verdict.origin,
            "size": verdict.size,
            "root": verdict.root,
            "created": verdict.created,
            "complete": chosen.whole and bool(verdict.origin),
            "selection": {"person": chosen.person, "from": chosen.start, "to": chosen.end},
            "events": verdict.events,
            "missing": verdict.missing,
            "since": verdict.since,
            "warnings": list(warnings),
            "problems": [
                {"file": p.values["file"], "reason": p.values["reason"], "message": p.text(language)}
                for p in verdict.problems
            ],
        },
        ensure_ascii=False,
        indent=2,
    )


if __name__ == "__main__":
    sys.exit(main())
