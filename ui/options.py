"""What the portal is told when it is put together: its address, the people of the sign-in page, the examples.

Streamlit runs the page script without arguments: serve.py binds these once for the process, and the script reads them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from appliance.errors import PortalNotBound
from appliance.models import Language, Role


@dataclass(frozen=True, slots=True)
class SignInPerson:
    """Somebody on the demo's sign-in page. `id` is what POST /api/session/demo takes."""

    id: str
    name: str  # in the language of the page
    groups: tuple[str, ...]  # names
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Example:
    """A question that the empty page offers, in both languages."""

    ja: str
    en: str

    def text(self, language: Language) -> str:
        """The question in one language."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True, slots=True)
class PortalOptions:
    """How this portal is reached, and what its pages offer.

    `origin` is what the browser's address bar shows (scheme://host:port); `api` is where this process reaches the API;
    `people` are those of the sign-in page, as the directory has them when it is asked.
    """

    origin: str
    api: str
    people: Callable[[Language], tuple[SignInPerson, ...]]
    examples: tuple[Example, ...] = ()

    @property
    def host(self) -> str:
        """The only Host header that is served."""
        return urlsplit(self.origin).netloc


_bound: list[PortalOptions] = []


def bind(options: PortalOptions) -> None:
    """Make these the options of this process; a later call replaces them."""
    _bound[:] = [options]


def bound() -> PortalOptions:
    """The options of this process; PortalNotBound when serve.py did not start it."""
    if not _bound:
        raise PortalNotBound()
    return _bound[0]
