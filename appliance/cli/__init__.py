"""`appliance`: asking, auditing and operating, as a client of the API."""

from __future__ import annotations

import click

from appliance import __version__
from appliance.cli.command import run
from appliance.cli.spoken import Table, version
from appliance.words import Words

COMMANDS: dict[str, tuple[str, Words]] = {
    "init": (
        "appliance.cli.init:init",
        Words(
            ja="APPLIANCE_HOME に新しい環境（設定とデータ）を作ります。",
            en="Make a new installation in APPLIANCE_HOME.",
        ),
    ),
    "serve": (
        "appliance.cli.serve:serve",
        Words(
            ja="API だけを動かします（ポータルのコマンドは `portal`）。",
            en="Serve the API alone (the portal's command is `portal`).",
        ),
    ),
    "ask": (
        "appliance.cli.ask:ask",
        Words(
            ja="質問します。回答には根拠のページが付きます。",
            en="Ask a question; the answer cites the pages it rests on.",
        ),
    ),
    "search": (
        "appliance.cli.search:search",
        Words(ja="該当する箇所を探します（回答は作りません）。", en="Find passages, without an answer."),
    ),
    "documents": (
        "appliance.cli.documents:documents",
        Words(ja="利用者が閲覧できる文書の一覧を表示します。", en="List the documents that a person may see."),
    ),
    "audit": (
        "appliance.cli.audit:audit",
        Words(ja="監査ログを表示・検証・書き出しします。", en="Show, verify and export the audit log."),
    ),
    "doctor": (
        "appliance.cli.doctor:doctor",
        Words(
            ja="この環境の問題点と対処を表示します。",
            en="Say what is wrong with this installation, and what to do.",
        ),
    ),
}


@click.command(
    cls=Table,
    commands_at=COMMANDS,
    ja="""社内文書への質問に、閲覧権限のあるページだけを根拠として答えます。操作はすべて監査ログに記録されます。

    設定とデータのフォルダーは環境変数 APPLIANCE_HOME で指定します。
    """,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@version(__version__)
def appliance() -> None:
    """Questions over internal documents: every claim cites a page its reader may see, every act is audited.

    APPLIANCE_HOME names the folder of settings and data.
    """


def main() -> None:
    """Entry point."""
    run(appliance, "appliance")
