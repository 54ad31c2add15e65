"""What doctor counts is what a start would mend; and access that was changed past the appliance is found."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from appliance.doctor import examine
from appliance.store import changes
from appliance.wiring import Services
from tests.unit.flows.house import FOR_HR, OPERATOR, document, opened, put


def finding(services: Services, name: str) -> str:
    return next(check.finding for check in examine(services.parts, "en") if check.name == name)


def test_lost_chunks_and_wrong_lists_of_the_index_are_counted_and_mended(tmp_path: Path) -> None:
    with opened(tmp_path) as services:
        for path in ("a.txt", "b.txt", "c.txt"):
            put(services, document(services, path, (f"{path} の一つ目の段落である。", f"{path} の二つ目である。")))
        assert finding(services, "registry and index") == "OK"
        entries = {entry.document.path: entry.document for entry in services.registry.collection("c")}
        lost, moved = entries["a.txt"], entries["b.txt"]
        rows = list(services.registry.texts(lost.key, lost.version))
        services.index.delete(document=lost.key)
        vectors = services.embedder.embed_passages([rows[0].indexed])
        services.index.upsert(services.documents._indexed(lost.key, lost.version, lost.acl_id, (rows[0],), vectors))
        services.index.set_access(document=moved.key, acl_id=changes.intern(services.registry, FOR_HR))

        said = finding(services, "registry and index")
        assert said == "1 versions missing from the index or incomplete, 0 left over, 1 under another access list"

        services.documents.resolve()
        assert not services.documents.differences()
        assert finding(services, "registry and index") == "OK"


def test_access_given_in_the_database_itself_is_found(tmp_path: Path) -> None:
    with opened(tmp_path) as services:
        put(services, document(services, "pay.txt", ("給与の文書である。",), access=FOR_HR))
        put(services, document(services, "rules.txt", ("規程の文書である。",)))
        services.documents.change_access("c", "rules.txt", FOR_HR, actor=OPERATOR)
        assert finding(services, "access as recorded") == "OK"
        secret = services.registry.at("c", "pay.txt")
        assert secret is not None
        with services.registry.engine.begin() as connection:
            connection.execute(
                text("UPDATE document SET acl_id = :other WHERE key = :key"),
                {"other": services.documents.probe_list, "key": secret.document.key},
            )

        assert finding(services, "access as recorded") == (
            f"1 documents stand under another access list than the log recorded last ({secret.document.key})"
        )
