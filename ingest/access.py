"""Who sees a document: what is taken away before any file is read, and the rule in the words that manifests use."""

from __future__ import annotations

from appliance.api.schemas.documents import AccessRule
from appliance.models import Classification, Language
from ingest.manifest_values import GroupNames


def same_access(one: AccessRule, other: AccessRule) -> bool:
    """Whether two rules admit the same, in whatever order they name it."""
    return (
        set(one.groups) == set(other.groups)
        and set(one.denied) == set(other.denied)
        and set(one.compartments) == set(other.compartments)
        and (one.classification, one.valid_from, one.valid_until)
        == (other.classification, other.valid_from, other.valid_until)
    )


def narrowed(stored: AccessRule, wanted: AccessRule, names: GroupNames) -> AccessRule:
    """What both rules admit: all that may be given to a stored content before the new one stands in its place.

    What the manifest gives in addition was decided for the new content, from which something may have been taken out.
    Groups that have nothing in common are replaced: the path belongs to the new ones. A denied group that does not
    exist any more is left out: nobody is in it, and the API would refuse the rule.
    """
    both = set(stored.groups) & set(wanted.groups)
    starts = [moment for moment in (stored.valid_from, wanted.valid_from) if moment is not None]
    ends = [moment for moment in (stored.valid_until, wanted.valid_until) if moment is not None]
    higher = max(Classification.named(rule.classification) for rule in (stored, wanted))
    return AccessRule(
        groups=sorted(both or wanted.groups),
        classification=higher.word,
        compartments=sorted({*stored.compartments, *wanted.compartments}),
        denied=sorted({*filter(names.knows, stored.denied), *wanted.denied}),
        valid_from=max(starts, default=None),
        valid_until=min(ends, default=None),
    )


def in_words(access: AccessRule, names: GroupNames, language: Language) -> str:
    """Who a rule admits, in a line."""
    en = language == "en"
    said = [(", " if en else "、").join(map(names.name, access.groups)), access.classification]
    if access.compartments:
        said.append(("compartments " if en else "コンパートメント ") + ", ".join(access.compartments))
    if access.denied:
        said.append(("not " if en else "除外 ") + ", ".join(map(names.name, access.denied)))
    if access.valid_from:
        said.append(("from " if en else "開始 ") + access.valid_from.isoformat())
    if access.valid_until:
        said.append(("until " if en else "終了 ") + access.valid_until.isoformat())
    return "; ".join(said)
