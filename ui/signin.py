"""The pages outside Streamlit: sign-in, and the plain notices. The same markup suits the theme of another sign-in."""

from __future__ import annotations

from html import escape
from typing import Literal

from appliance.models import Language, Role
from appliance.visible import one_line
from ui.index import head
from ui.options import SignInPerson
from ui.texts import text

Flag = Literal["out", "expired", "failed"]


def _page(language: Language, title: str, body: str) -> str:
    product = text("product", language)
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'{head(language, f"{title} - {product}")}</head><body class="signin"><main>{body}</main></body></html>'
    )


def _brand(language: Language) -> str:
    other, code = ("日本語", "ja") if language == "en" else ("English", "en")
    return (
        '<header><p class="brand"><span class="brand-mark" aria-hidden="true"></span>'
        f"<b>{escape(text('product', language))}</b></p>"
        f'<a href="/lang/{code}" lang="{code}">{other}</a></header>'
    )


def _person(person: SignInPerson, language: Language, first: bool) -> str:
    roles = [text(f"role_{role.value}", language) for role in sorted(person.roles) if role is not Role.READER]
    known = (*person.groups, *roles) or (text("no_groups", language),)
    about = ("／" if language == "ja" else ", ").join(known)
    return (
        f'<li><button name="person" value="{escape(person.id)}"{" autofocus" if first else ""}>'
        f"<b>{escape(one_line(person.name))}</b><span>{escape(one_line(about))}</span></button></li>"
    )


def signin_page(language: Language, people: tuple[SignInPerson, ...], flag: Flag | None, said: str = "") -> str:
    """The sign-in page. `said` replaces the words of a failure, and comes from the API."""
    message = ""
    if flag:
        words = said or text("sign_in_failed" if flag == "failed" else flag, language)
        role = "alert" if flag == "failed" else "status"
        message = f'<p class="message {flag}" role="{role}">{escape(one_line(words))}</p>'
    buttons = "".join(_person(person, language, number == 0) for number, person in enumerate(people))
    return _page(
        language,
        text("sign_in", language),
        f"{_brand(language)}<h1>{escape(text('sign_in', language))}</h1>{message}"
        f'<form method="post" action="/signin"><h2 id="people">{escape(text("sign_in_as", language))}</h2>'
        f'<ul class="people" aria-labelledby="people">{buttons}</ul></form>'
        f"<footer><p>{escape(text('sign_in_demo', language))}</p>"
        f"<p>{escape(text('sign_in_note', language))}</p></footer>",
    )


def notice_page(language: Language, title: str, words: str, way_on: tuple[str, str]) -> str:
    """A plain page that says one thing; `way_on` is the address and the words of its link."""
    address, label = way_on
    return _page(
        language,
        title,
        f"{_brand(language)}<h1>{escape(title)}</h1><p>{escape(one_line(words))}</p>"
        f'<p><a href="{escape(address)}">{escape(label)}</a></p>',
    )
