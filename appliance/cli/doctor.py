"""`appliance doctor`: what is wrong with this installation, and what to do."""

from __future__ import annotations

from appliance.api.schemas.operation import Doctor
from appliance.cli import exits
from appliance.cli.command import settings
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


@command(ja="設定、保存領域、ログ、索引、語と意味それぞれの検索を検査します。")
@option("--json", "as_data", is_flag=True, help=AS_JSON)
def doctor(as_data: bool) -> int:
    """Examine settings, storage, log, index and both legs of the search."""
    with connect(settings()) as api:
        response = api.get("/doctor")
    found = Doctor.model_validate_json(response.content)
    if as_data:
        as_json(response.json())
    else:
        table(
            _HEAD, [(c.label, _STATES[c.state], "" if c.state == "ok" else c.finding, c.remedy) for c in found.checks]
        )
    return exits.NOT_AS_WISHED if any(check.state == "failed" for check in found.checks) else exits.OK
