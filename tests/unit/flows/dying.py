"""Processes that end in the middle of a change, at a point given by name: without a word, as after SIGKILL."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from appliance.audit.log import AuditLog
from appliance.index.process import EdgeProcess
from appliance.store import changes
from appliance.store.originals import Originals
from tests.unit.flows import house

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["__main__", __name__])

# name -> (owner, attribute); an audit point is named after its action.
POINTS: dict[str, tuple[Any, str]] = {
    "announce": (changes, "announce"),
    "keep": (Originals, "keep"),
    "intern": (changes, "intern"),
    "upsert": (EdgeProcess, "upsert"),
    "make_current": (changes, "make_current"),
    "describe": (changes, "describe"),
    "change_access": (changes, "change_access"),
    "set_access": (EdgeProcess, "set_access"),
    "registry_remove": (changes, "remove"),
    "index_delete": (EdgeProcess, "delete"),
    "forget": (Originals, "forget"),
    "settle": (changes, "settle"),
}


def dies(folder: Path, act: str, point: str, when: str) -> None:
    """Let a process of its own do `act` (of ACTS) and be killed before or after `point`."""
    process = _CONTEXT.Process(target=_die, args=(folder, act, point, when))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL, f"it passed {point} with exit code {process.exitcode}"


def _die(folder: Path, act: str, point: str, when: str) -> None:
    with house.opened(folder) as services:
        _mine(point, when)
        ACTS[act](services)
    os._exit(0)


def _mine(point: str, when: str) -> None:
    if point in POINTS:
        owner, name = POINTS[point]
        setattr(owner, name, _deadly(getattr(owner, name), when, lambda *_: True))
    else:
        AuditLog.commit = _deadly(AuditLog.commit, when, lambda _, event: event.action == point)  # type: ignore[method-assign]


def _deadly(original: Callable[..., Any], when: str, applies: Callable[..., bool]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        deadly = bool(kwargs) or applies(*args)
        if deadly and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return call


OLD = ("旧版の一段落目です。", "旧版の二段落目です。")
NEW = ("新版の一段落目です。", "新版の二段落目です。", "新版の三段落目です。")


def _store_first(services: Any) -> None:
    house.put(services, house.document(services, "new.txt", NEW))


def _replace(services: Any) -> None:
    house.put(services, house.document(services, "old.txt", NEW))


def _back(services: Any) -> None:
    """`old.txt` was OLD, then NEW; now OLD again."""
    house.put(services, house.document(services, "old.txt", OLD))


def _translate(services: Any) -> None:
    house.put(services, house.languages(house.document(services, "old.txt", OLD)))


def _narrow(services: Any) -> None:
    services.documents.change_access("c", "old.txt", house.FOR_HR, actor=house.OPERATOR)


def _remove(services: Any) -> None:
    services.documents.remove("c", "old.txt", actor=house.OPERATOR)


ACTS: dict[str, Callable[[Any], None]] = {
    "store": _store_first,
    "replace": _replace,
    "back": _back,
    "translate": _translate,
    "narrow": _narrow,
    "remove": _remove,
}
