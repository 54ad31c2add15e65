"""`appliance-verify --key VKEY [--since CHECKPOINT] [--json] [--lang en|ja] EXPORT`

Exit codes: 0 verified, 1 refused, 2 the command was not given what it needs. It runs anywhere with Python and the
`cryptography` package, without an installation, a network or any file of the appliance but the export.
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
from appliance.errors import AuditKeyInvalid, VerifierInputUnusable
from appliance.models import Language

VERIFIED, REFUSED, USAGE = 0, 1, 2
_MAX_INPUT = 1 << 20

_TEXTS: dict[str, tuple[str, str]] = {
    "verified": (
        "Verified: {folder} holds the whole log {origin} of {size} events and shows {events} of them as they were "
        "recorded; {erased} texts were erased. Root {root}.",
        "検証しました: {folder} はログ {origin} の全 {size} 件を含み、そのうち {events} 件が記録どおりに示されています"
        "（消去済みの本文 {erased} 件）。ルート {root}。",
    ),
    "since": (
        "The log continues the checkpoint of {since} events without a change.",
        "{since} 件時点のチェックポイントから、変更なく続いています。",
    ),
    "more": (
        "{count} more problems; --json lists them all.",
        "ほかに {count} 件の問題があります（--json で一覧表示）。",
    ),
}


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
    verdict = examine(folder, key, since)
    out.write((_as_json if options.json else _as_text)(verdict, folder, language) + "\n")
    return VERIFIED if verdict.verified else REFUSED


def parser() -> argparse.ArgumentParser:
    """The command line, with its help."""
    made = argparse.ArgumentParser(
        prog="appliance-verify",
        description="Verify an export of the audit log with a key that did not come with it.",
        epilog="Exit codes: 0 verified, 1 refused, 2 wrong use.",
        allow_abbrev=False,
    )
    made.add_argument("export", metavar="EXPORT", help="the folder of the export")
    made.add_argument("--key", required=True, metavar="VKEY", help="the log's verifier key, from a place you trust")
    made.add_argument("--since", metavar="CHECKPOINT", help="a checkpoint kept earlier: the log must continue it")
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
    return _TEXTS[name][language == "ja"].format(**values)


def _as_text(verdict: Verdict, folder: Path, language: Language) -> str:
    if not verdict.verified:
        lines = [verdict.problems[0].text(language)]
        if len(verdict.problems) > 1:
            lines.append(_say("more", language, count=len(verdict.problems) - 1))
        return "\n".join(lines)
    counts = {"size": verdict.size, "events": verdict.events, "erased": verdict.erased}
    lines = [_say("verified", language, folder=folder, origin=verdict.origin, root=verdict.root, **counts)]
    if verdict.since is not None:
        lines.append(_say("since", language, since=verdict.since))
    return "\n".join(lines)


def _as_json(verdict: Verdict, folder: Path, language: Language) -> str:
    return json.dumps(
        {
            "export": str(folder),
            "verified": verdict.verified,
            "origin": verdict.origin,
            "size": verdict.size,
            "root": verdict.root,
            "events": verdict.events,
            "erased": verdict.erased,
            "since": verdict.since,
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
