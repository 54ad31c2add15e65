"""Exit codes: one table for every command of `appliance`, `ingest` and `portal`."""

from __future__ import annotations

from appliance.errors import (
    ApiProblem,
    ApplianceError,
    BadInput,
    Conflict,
    Denied,
    InternalError,
    NotThere,
    Unavailable,
)

OK = 0
INTERNAL = 1
USAGE = 2  # click's own
NOT_AS_WISHED = 9  # the command ran, and what it looked at is not in order
SOME_FAILED = 10  # ingest: some files were not taken in; the report says which and why
STOPPED_TO_ASK = 11  # ingest sync: more would be removed than --max-removals allows
TEXTS_MISSING = 12  # audit: the log holds, texts beside it do not
UNMATCHED = 13  # ingest: an override of collection.toml matches no file, so nothing was stored
INTERRUPTED = 130

# The nearest class in the error's family tree decides.
CODES: dict[type[ApplianceError], int] = {
    BadInput: 3,
    Denied: 4,
    NotThere: 5,
    Conflict: 6,
    Unavailable: 7,
    InternalError: INTERNAL,
}

MEANINGS: dict[int, str] = {
    OK: "done",
    INTERNAL: "a defect of the appliance; the message names where to look",
    USAGE: "the command line is wrong",
    3: "what was given cannot be used; the message says how to mend it",
    4: "not allowed, or not signed in",
    5: "it does not exist, or must look so",
    6: "it contradicts what is stored",
    7: "a part of the appliance cannot work now",
    NOT_AS_WISHED: "the command ran; what it examined is not in order",
    SOME_FAILED: "some files were not taken in; the report says which and why",
    STOPPED_TO_ASK: "nothing was removed: confirm, or raise --max-removals",
    TEXTS_MISSING: "the audit log holds, but texts beside it are missing; each is named",
    UNMATCHED: "an override of collection.toml matches no file, so nothing was stored",
    INTERRUPTED: "interrupted from the keyboard",
}


def code_of(error: ApplianceError) -> int:
    """The exit code of an error, also of one that the API raised."""
    kind = error.kind if isinstance(error, ApiProblem) else type(error)
    return next((CODES[step] for step in kind.__mro__ if step in CODES), INTERNAL)
