"""The one type of what the product says: Japanese and English side by side, so that neither is forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.models import ClassificationWord, Language


@dataclass(frozen=True, slots=True)
class Words:
    """One thing said in both languages. Fields are those of `str.format`; a value that is itself Words is said in the
    same language."""

    ja: str
    en: str

    def text(self, language: Language, **values: object) -> str:
        """The words in one language, with their fields filled."""
        said = {name: value.text(language) if isinstance(value, Words) else value for name, value in values.items()}
        words = self.ja if language == "ja" else self.en
        return words.format(**said) if said else words

    def filled(self, **values: object) -> Words:
        """The words in both languages, with their fields filled: the cause in an error's sentence, for example."""
        return Words(ja=self.text("ja", **values), en=self.text("en", **values))


CLASSIFICATIONS: dict[ClassificationWord, Words] = {
    "public": Words(ja="公開", en="Public"),
    "internal": Words(ja="社内限", en="Internal"),
    "restricted": Words(ja="部外秘", en="Restricted"),
    "confidential": Words(ja="秘", en="Confidential"),
}
LANGUAGES: dict[Language, Words] = {"ja": Words(ja="日本語", en="Japanese"), "en": Words(ja="英語", en="English")}
