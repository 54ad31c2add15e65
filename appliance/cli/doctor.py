"""`appliance doctor`: what is wrong with this installation, and what to do."""

from __future__ import annotations

import click

from appliance.api.schemas.operation import Doctor
from appliance.cli import exits
from appliance.cli.command import settings
from appliance.cli.guards import examine
from appliance.cli.output import as_json, table
from appliance.connect import connect


@click.command
@click.option("--json", "as_data", is_flag=True, help="As JSON.")
def doctor(as_data: bool) -> int:
    """Examine settings, storage, log, index, both legs of the search, and the sandbox of converters."""
    configured = settings()
    with connect(configured) as api:
        found = Doctor.model_validate_json(api.get("/doctor").content)
    checks = [*found.checks, examine(configured)]
    if as_data:
        as_json(Doctor(checks=checks).model_dump(mode="json"))
    else:
        table(("check", "state", "finding", "remedy"), [(c.name, c.state, c.finding, c.remedy) for c in checks])
    return exits.NOT_AS_WISHED if any(check.state == "failed" for check in checks) else exits.OK
