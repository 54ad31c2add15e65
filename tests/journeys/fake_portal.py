"""The portal in front of the fake API, as a process of its own: `python -m tests.journeys.fake_portal PORT`."""

import sys

import uvicorn

from appliance.models import Role
from tests.journeys.fake_api import PEOPLE, State, fake_api
from ui.options import Example, PortalOptions, SignInPerson
from ui.serve import build


async def unheard(scope: object, error: object, status: int) -> None:
    """There is no log behind the fake API."""


def main() -> None:
    port = int(sys.argv[1])
    address = f"http://127.0.0.1:{port}"
    state = State()
    people = tuple(
        SignInPerson(me.id, me.name, tuple(me.groups), frozenset(Role(role) for role in me.roles))
        for me in PEOPLE.values()
    )
    examples = (
        Example("海外出張の日当はいくらですか", "How is the daily allowance abroad paid?"),
        Example("役員報酬の決め方を教えてください", "How is executive pay decided?"),
    )
    options = PortalOptions(origin=address, api=address, people=lambda _: people, examples=examples)
    application = build(fake_api(state), options, sessions=state, refused=unheard)
    uvicorn.run(application, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
