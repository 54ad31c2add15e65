"""The frame of every view: the brand, and the account menu with groups, colours, language and sign-out."""

from __future__ import annotations

from ui.markup import classification, line
from ui.visit import Visit

_FONT = "BIZ UDPGothic, Noto Sans JP, Noto Sans CJK JP, Hiragino Sans, Yu Gothic UI, sans-serif"


def brand(product: str, *, dark: bool) -> str:
    """The mark and the name as SVG: an image cannot read the page's colours, so the theme is drawn in."""
    ink, accent, paper = ("#E7EBF1", "#8DBBEB", "#12161D") if dark else ("#1B2430", "#1F4E79", "#FFFFFF")
    stripe = paper if dark else "#FFD873"
    width = 208 if product.isascii() else 152
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 32" width="{width}" height="32">'
        f'<rect x="1" y="2" width="22" height="28" rx="3" fill="{accent}"/>'
        f'<path d="M6 10h12M6 22h8" stroke="{paper}" stroke-width="2"/>'
        f'<path d="M6 16h12" stroke="{stripe}" stroke-width="4"/>'
        f'<text x="32" y="22.5" font-family="{_FONT}" font-size="18" font-weight="700" fill="{ink}">'
        f"{line(product)}</text></svg>"
    )


def account_menu(visit: Visit) -> str:
    """What opens under the person's name."""
    groups = "".join(f"<li>{line(group)}</li>" for group in visit.me.groups)
    listed = f'<ul class="tags">{groups}</ul>' if groups else f"<p>{line(visit.t('no_groups'))}</p>"
    roles = "／".join(visit.t(f"role_{role}") for role in visit.me.roles if role != "reader")
    themes = "".join(
        f'<a href="#theme-{theme}" data-theme="{theme}">{line(visit.t(f"theme_{theme}"))}</a>'
        for theme in ("System", "Light", "Dark")
    )
    code, other = ("ja", "日本語") if visit.language == "en" else ("en", "English")
    return (
        f'<div class="menu"><p class="who">{line(visit.me.name)}</p>{f"<p>{line(roles)}</p>" if roles else ""}'
        f'<p class="name">{line(visit.t("groups"))}</p>{listed}'
        f'<p class="name">{line(visit.t("clearance"))}</p><p>{classification(visit.me.clearance, visit.language)}</p>'
        f'<p class="name">{line(visit.t("theme"))}</p><p class="choices">{themes}</p>'
        f'<p class="name">{line(visit.t("language"))}</p><p class="choices">'
        f'<a href="/lang/{code}" lang="{code}" target="_self">{other}</a></p>'
        f'<form method="post" action="/signout"><button>{line(visit.t("sign_out"))}</button></form></div>'
    )
