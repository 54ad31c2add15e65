"""What the clients of the API meet."""

from __future__ import annotations

from appliance.errors.root import REGISTERED, ApplianceError, Unavailable
from appliance.models import Language
from appliance.visible import visible


class ApiProblem(ApplianceError):
    """A refusal that the API sent to a client of ours: its own code, and its sentence in the caller's language."""

    code = "api-problem"
    en = "{message}"
    ja = "{message}"

    def __init__(self, *, code: str, message: str) -> None:
        self.refused = code
        self.message = visible(message)
        super().__init__(code=code, message=message)

    def text(self, language: Language) -> str:
        """The sentence as it came: the API wrote it in the caller's language."""
        return self.message

    @property
    def kind(self) -> type[ApplianceError]:
        """The error that the API raised; this class where its code is not known here."""
        return REGISTERED.get(self.refused, ApiProblem)


class ApiUnreachable(Unavailable):
    """The API did not answer, or broke off in the middle."""

    code = "api-unreachable"
    en = "The appliance at {where} does not answer ({why}). Try again; if it stays so, tell the operator."
    ja = "{where} のシステムから応答がありません（{why}）。もう一度お試しください。続く場合は運用担当者に連絡してください。"


class PortalNotBound(Unavailable):
    """The page script was started by something other than the portal's own server."""

    code = "portal-not-bound"
    en = "The portal's page was started without its server. Start it with: portal"
    ja = "ポータルのページが単独で起動されました。portal コマンドで起動してください。"


class StreamlitChanged(Unavailable):
    """The installed Streamlit's page is not the one that our security policy was made for."""

    code = "streamlit-changed"
    en = "The page of Streamlit {version} has no {missing}, so the portal is not started. Install the Streamlit that this release locks."
    ja = "Streamlit {version} のページに {missing} がないため、ポータルを起動しません。このリリースで固定されている版を導入してください。"
