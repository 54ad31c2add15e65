"""`appliance doctor`: what is wrong with this installation, and what to do."""

from __future__ import annotations

from appliance.api.schemas.operation import Doctor
from appliance.cli import exits
from appliance.cli.command import settings
from appliance.cli.guards import examine
from appliance.cli.output import AS_JSON, as_json, table
from appliance.cli.spoken import command, option
from appliance.connect import connect
from appliance.words import Words

_HEAD = (
    Words(ja="検査", en="check"),
    Words(ja="状態", en="state"),
    Words(ja="所見", en="finding"),
    Words(ja="対処", en="remedy"),
)
_STATES = {
    "ok": Words(ja="正常", en="ok"),
    "warning": Words(ja="注意", en="warning"),
    "failed": Words(ja="異常", en="failed"),
}


@command(ja="設定、保存領域、ログ、索引、語と意味それぞれの検索、変換の隔離を検査します。")
@option("--json", "as_data", is_flag=True, help=AS_JSON)
def doctor(as_data: bool) -> int:
    """Examine settings, storage, log, index, both legs of the search, and the sandbox of converters."""
    configured = settings()
    with connect(configured) as api:
        found = Doctor.model_validate_json(api.get("/doctor").content)
    checks = [*found.checks, examine(configured)]
    if as_data:
        as_json(Doctor(checks=checks).model_dump(mode="json"))
    else:
        table(_HEAD, [(c.label, _STATES[c.state], "" if c.state == "ok" else c.finding, c.remedy) for c in checks])
    return exits.NOT_AS_WISHED if any(check.state == "failed" for check in checks) else exits.OK
