"""`appliance`: asking, auditing and operating, as a client of the API."""

from __future__ import annotations

import click

from appliance import __version__
from appliance.cli.command import Table, run

COMMANDS = {
    "init": ("appliance.cli.init:init", "Make a new installation in APPLIANCE_HOME."),
    "serve": ("appliance.cli.serve:serve", "Serve the API alone (the portal's command is `portal`)."),
    "ask": ("appliance.cli.ask:ask", "Ask a question; the answer cites the pages it rests on."),
    "search": ("appliance.cli.search:search", "Find passages, without an answer."),
    "documents": ("appliance.cli.documents:documents", "List the documents that a person may see."),
    "audit": ("appliance.cli.audit:audit", "Show, verify and export the audit log."),
    "doctor": ("appliance.cli.doctor:doctor", "Say what is wrong with this installation, and what to do."),
}


@click.command(cls=Table, commands_at=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def appliance() -> None:
    """Questions over internal documents: every claim cites a page its reader may see, every act is audited.

    APPLIANCE_HOME names the folder of settings and data.
    """


def main() -> None:
    """Entry point."""
    run(appliance, "appliance")
