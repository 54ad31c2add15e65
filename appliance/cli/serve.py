"""`appliance serve`: the API on the port and on the private socket, until it is told to stop."""

from __future__ import annotations

import click

from appliance.cli.command import settings
from appliance.cli.spoken import command


@command(ja="ポータルなしで、API だけを動かします。")
def serve() -> None:
    """Serve the API, without the portal."""
    import asyncio

    from starlette.applications import Starlette

    from appliance.api.app import create_app
    from appliance.api.origin import ExactOrigin
    from appliance.api.under import UnderApi
    from appliance.serve import serving

    configured = settings()
    with serving(configured, lambda services: ExactOrigin(
        UnderApi(create_app(services), Starlette()), configured.origin, services.refusals
    )) as run:  # fmt: skip
        click.echo(configured.origin)
        asyncio.run(run())
