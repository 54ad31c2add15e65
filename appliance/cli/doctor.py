"""`appliance doctor`: what is wrong with this installation, and what to do."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress

from appliance.acts import act
from appliance.api.schemas.operation import Check, Doctor
from appliance.cli import exits, guards
from appliance.cli.command import settings
from appliance.cli.output import AS_JSON, as_json, table
from appliance.cli.spoken import command, option, shown_in
from appliance.connect import connect
from appliance.errors import ApiProblem, ApplianceError, Denied, HomeMissing, HomeOfAnother, HomeUnusable
from appliance.models import Actor, Language, new_id
from appliance.private import ownership
from appliance.settings import Settings, home_folder
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
    found = Doctor(checks=_checks(shown_in()))
    if as_data:
        as_json(found.model_dump(mode="json"))
    else:
        table(
            _HEAD, [(c.label, _STATES[c.state], "" if c.state == "ok" else c.finding, c.remedy) for c in found.checks]
        )
    return exits.NOT_AS_WISHED if any(check.state == "failed" for check in found.checks) else exits.OK


def _checks(language: Language) -> list[Check]:
    """The server's examination; where there is none that answers, our own of what is left."""
    from appliance.doctor import examine_folder, refused

    try:
        configured = settings()
    except (HomeMissing, HomeOfAnother):  # nothing to examine, or not for us
        raise
    except ApplianceError as error:
        return examine_folder(home_folder(), refused("settings", error, language), language)
    return [*_of_installation(configured, language), guards.examine(configured)]


def _of_installation(configured: Settings, language: Language) -> list[Check]:
    try:
        with connect(configured) as api:
            return Doctor.model_validate_json(api.get("/doctor").content).checks
    except ApplianceError as error:
        if isinstance(error, ApiProblem) and issubclass(error.kind, Denied):
            raise
        return _of_what_opens(configured, error, language)


def _of_what_opens(configured: Settings, why: ApplianceError, language: Language) -> list[Check]:
    """Nobody serves, and the services do not open: part by part. `why` they do not is the first row."""
    from appliance.doctor import examine, examine_folder, refused
    from appliance.wiring import Parts

    try:
        with ownership(configured.home) as ours, ExitStack() as stack:
            if not ours:
                return examine_folder(configured.home, refused("service", why, language), language)
            parts = Parts(configured, stack)
            event = act("installation.examined", "success", Actor("owner", f"uid:{os.getuid()}"), new_id())
            with suppress(ApplianceError):
                parts.audit.commit(event)
            return [refused("start", why, language), *examine(parts, language)]
    except HomeUnusable as error:
        return examine_folder(configured.home, refused("start", error, language), language)
