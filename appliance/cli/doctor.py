"""`appliance doctor`: what is wrong with this installation, and what to do."""

from __future__ import annotations

import click

from appliance.api.schemas.operation import Doctor
from appliance.cli import exits
from appliance.cli.command import settings
from appliance.cli.output import as_json, table
from appliance.connect import connect


@click.command
@click.option("--json", "as_data", is_flag=True, help="As JSON.")
def doctor(as_data: bool) -> int:
    """Examine settings, storage, log, index and both legs of the search."""
    with connect(settings()) as api:
        response = api.get("/doctor")
    found = Doctor.model_validate_json(response.content)
    if as_data:
        as_json(response.json())
    else:
        table(("check", "state", "finding", "remedy"), [(c.name, c.state, c.finding, c.remedy) for c in found.checks])
    return exits.NOT_AS_WISHED if any(check.state == "failed" for check in found.checks) else exits.OK
