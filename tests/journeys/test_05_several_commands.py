"""Several processes and one installation: they serve each other, and none is hurt when another one dies."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.unit.api.world import World, make_home, services_at

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make_home(tmp_path_factory.mktemp("several") / "home")
    with services_at(made) as services:
        world = World(services)
        for number in range(3):
            world.store(f"{number}.txt", f"規程第{number}号。通勤手当は月額{number + 1}万円を上限とする。", ["g-staff"])
    return made


@pytest.fixture
def home(stored: Path, tmp_path: Path) -> Path:
    """A copy of an installation with three documents."""
    return Path(shutil.copytree(stored, tmp_path / "home"))


def environment(home: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "APPLIANCE_HOME": str(home), "APPLIANCE_LANGUAGE": "en", **more}


def start(home: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [BIN / "appliance", *arguments],
        env=environment(home, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err, err
    return process.returncode, out, err


def killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def served(home: Path, port: str) -> subprocess.Popen[str]:
    """`appliance serve`, ready."""
    process = start(home, "serve", APPLIANCE_PORT=port)
    assert process.stdout is not None
    process.stdout.readline()
    for _ in range(600):
        try:
            if httpx.get(f"http://127.0.0.1:{port}/api/ready", timeout=5).is_success:
                return process
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(ended(process))


def test_commands_at_the_same_moment_all_succeed(home: Path) -> None:
    running = [
        start(home, "documents", "--as", "yamada", "--json"),
        start(home, "search", "通勤手当", "--as", "yamada", "--json"),
        start(home, "audit", "verify", "--json"),
    ]

    results = [ended(process) for process in running]

    assert [(code, err) for code, _, err in results] == [(0, "")] * 3
    assert len(json.loads(results[0][1])["documents"]) == 3
    assert json.loads(results[1][1])["results"]
    assert json.loads(results[2][1])["verified"] is True


def test_commands_talk_to_the_running_server_and_a_second_one_does_not_start(home: Path) -> None:
    port = free_port()
    server = served(home, port)
    try:
        assert len(json.loads(ended(start(home, "documents", "--as", "yamada", "--json"))[1])["documents"]) == 3
        code, _, err = ended(start(home, "serve", APPLIANCE_PORT=free_port()))
        assert (code, "in use by another process" in err, err.count("\n")) == (7, True, 1)
        foreign = httpx.get(f"http://127.0.0.1:{port}/api/health", headers={"host": "evil.example"})
        assert foreign.json()["code"] == "origin-refused"
        rights = httpx.get(f"http://127.0.0.1:{port}/api/groups", headers={"appliance.peer": str(os.getuid())})
        assert rights.status_code == 401
    finally:
        server.send_signal(signal.SIGTERM)
        code, _, err = ended(server)
    assert (code, err) == (0, "")
    assert not (home / "run" / "api.sock").exists()


def test_a_port_that_is_taken_is_one_sentence_and_7(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        code, out, err = ended(start(home, "serve", APPLIANCE_PORT=str(other.getsockname()[1])))

    assert (code, out, err.count("\n")) == (7, "", 1)
    assert "is in use by another process" in err


@pytest.mark.parametrize("host", ["0.0.0.0", "localhost"])
def test_the_demo_is_not_served_to_others(home: Path, host: str) -> None:
    code, out, err = ended(start(home, "serve", APPLIANCE_HOST=host))

    assert (code, out, err.count("\n")) == (3, "", 1)
    assert "loopback" in err


def test_a_server_that_is_killed_leaves_the_next_command_a_whole_installation(home: Path) -> None:
    server = served(home, free_port())

    killed(server)

    code, out, err = ended(start(home, "documents", "--as", "yamada", "--json"))
    assert (code, err) == (0, "")
    assert len(json.loads(out)["documents"]) == 3
    assert ended(start(home, "audit", "verify"))[0] == 0


# httpcore leaves its socket to the garbage collector where a connection is refused.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning")
def test_a_command_goes_on_when_the_one_that_served_it_is_killed(home: Path) -> None:
    """The second speaks to the first; then the first is killed, and the second serves itself."""
    from appliance.connect import connect
    from appliance.settings import load

    server = served(home, free_port())
    with connect(load(environment(home, APPLIANCE_PORT="8765"))) as api, api.signed_in("yamada"):
        assert len(api.get("/documents").json()["documents"]) == 3
        killed(server)
        assert len(api.get("/documents").json()["documents"]) == 3, "the session outlived its server"
        assert [event.name for event in api.stream("/ask", {"question": "通勤手当の上限はいくらか"})][-1] == "done"


def test_a_command_that_waits_is_told_when_its_server_is_killed_in_the_middle(home: Path) -> None:
    from appliance.connect import connect
    from appliance.errors import ServerUnreachable
    from appliance.settings import load

    server = served(home, free_port())

    def asked() -> None:
        with connect(load(environment(home, APPLIANCE_PORT="8765"))) as api:
            api.post("/session/demo", {"person": "yamada"})
            events = api.stream("/ask", {"question": "通勤手当の上限はいくらか"})
            next(events)
            killed(server)
            list(events)

    with pytest.raises(ServerUnreachable, match="does not answer"):
        asked()
    assert ended(start(home, "audit", "verify"))[0] == 0


@pytest.mark.parametrize(
    "arguments", [("audit", "show", "--limit", "500"), ("audit", "show", "--json", "--limit", "500")]
)
def test_a_reader_who_has_read_enough_ends_a_command_in_peace(home: Path, arguments: tuple[str, ...]) -> None:
    with services_at(home) as services:
        world = World(services)
        for _ in range(150):
            world.owner.get("/audit/events/0/proof")
    process = start(home, *arguments)
    assert process.stdout is not None
    assert process.stderr is not None

    with process.stderr:
        process.stdout.read(1)
        process.stdout.close()
        assert (process.wait(timeout=60), process.stderr.read()) == (0, "")


def test_an_interrupt_from_the_keyboard_is_130_without_a_word(home: Path) -> None:
    server = start(home, "ask", "通勤手当の上限はいくらか", "--as", "yamada")
    time.sleep(1.0)
    server.send_signal(signal.SIGINT)

    code, _, err = ended(server)
    assert code in (130, 0)
    assert "Traceback" not in err
