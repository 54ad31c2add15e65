"""Who sees a document: what is taken away before any file is read, and the rule in the words that manifests use."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from appliance.api.schemas.documents import AccessRule
from appliance.models import Classification, ClassificationWord, Language
from appliance.words import CLASSIFICATIONS, Words
from ingest.manifest_values import GroupNames

_COMMA = Words(ja="、", en=", ")
_SEMICOLON = Words(ja="／", en="; ")
_COMPARTMENTS = Words(ja="区画 {names}", en="compartments {names}")
_DENIED = Words(ja="除外 {names}", en="not {names}")
_FROM = Words(ja="{moment} から", en="from {moment}")
_UNTIL = Words(ja="{moment} まで", en="until {moment}")
_NOBODY = Words(
    ja="区画 {compartment} を持つ利用者がいないため、誰も閲覧できません。名前を直すか、誰かに与えてください。",
    en="Nobody holds the compartment {compartment}: nobody will see this. Correct the name, or give it to somebody.",
)


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


@dataclass(frozen=True, slots=True)
class SeenBy:
    """Who sees a document, in the words that manifests use; `denied` are names, moments are in ISO 8601."""

    groups: tuple[str, ...]
    classification: ClassificationWord
    compartments: tuple[str, ...]
    denied: tuple[str, ...]
    valid_from: str | None
    valid_until: str | None

    def text(self, language: Language) -> str:
        """The same in a line."""
        comma = _COMMA.text(language)
        said = [comma.join(self.groups), CLASSIFICATIONS[self.classification].text(language)]
        for words, values in ((_COMPARTMENTS, self.compartments), (_DENIED, self.denied)):
            if values:
                said.append(words.text(language, names=comma.join(values)))
        for words, moment in ((_FROM, self.valid_from), (_UNTIL, self.valid_until)):
            if moment:
                said.append(words.text(language, moment=moment))
        return _SEMICOLON.text(language).join(said)


def seen_by(access: AccessRule, names: GroupNames, language: Language) -> SeenBy:
    """A rule with the names of its groups in a language."""
    return SeenBy(
        groups=tuple(names.called(group, language) for group in access.groups),
        classification=access.classification,
        compartments=tuple(access.compartments),
        denied=tuple(names.called(group, language) for group in access.denied),
        valid_from=access.valid_from.isoformat() if access.valid_from else None,
        valid_until=access.valid_until.isoformat() if access.valid_until else None,
    )


def nobody_holds(access: AccessRule, held: Collection[str], language: Language) -> tuple[str, ...]:
    """A warning for each compartment that nobody holds: such a document is taken in, and seen by nobody."""
    return tuple(_NOBODY.text(language, compartment=name) for name in access.compartments if name not in held)
