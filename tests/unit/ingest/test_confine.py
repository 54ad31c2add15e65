"""What the child gave up: each guard is seen to hold by a child that has been taken over, with the control beside it."""

import errno
import json
import os
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest

from ingest.confine_calls import ALLOWED, filter_for
from ingest.confine_files import ruleset
from ingest.converted import Limits
from ingest.errors import ConverterCrashed
from ingest.sandbox import convert_file
from tests.unit.ingest.confined import child, confined, run

LIMITS = Limits(seconds=60)
ALONE = {"without": ("system-calls",)}  # what holds beneath the filter of system calls


def needs(guard):
    if guard not in run("print(*held)")[1]:
        pytest.skip(f"this kernel or container does not grant {guard}")


def refused(code, **options):
    """How the kernel refused what the code tries, by the name of its error number; fails when it did not."""
    wrapped = f"try:\n    {code}\nexcept OSError as error:\n    print('refused', error.errno)\nelse:\n    print('done')"
    status, output = run(wrapped, **options)
    assert output.startswith("refused "), (status, output)
    return errno.errorcode[int(output.split()[1])]


# --- the network and the sockets of this machine ---------------------------------------------------------------------


@pytest.fixture
def private_socket(tmp_path):
    """A listening Unix socket as the API's own: open to this user, who also runs the converter."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "api.sock"))
    listener.listen()
    yield tmp_path / "api.sock"
    listener.close()


def test_it_reaches_no_private_socket_of_this_user(private_socket):
    needs("system-calls")
    code = f"import socket; socket.socket(socket.AF_UNIX).connect({str(private_socket)!r}); print('reached')"

    control = subprocess.run(child(code), capture_output=True, text=True, check=False)

    assert "reached" in control.stdout
    assert refused(code) == "ENOSYS"


@pytest.mark.parametrize("call", ["socket(1, 1, 0)", "socketpair(1, 1, 0, bytes(8))", "connect(0, bytes(16), 16)"])
def test_it_makes_no_socket_of_any_kind(call):
    needs("system-calls")
    library = "libc = ctypes.CDLL(None, use_errno=True); "

    assert "-1 38" in run(library + f"print(libc.{call}, ctypes.get_errno())")[1]


def test_beneath_the_filter_its_network_is_empty():
    needs("own-network")
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 3); print('reached')"

    control = subprocess.run(child(code), capture_output=True, text=True, check=False)

    assert "reached" in control.stdout
    assert refused(code) in {"ENOSYS"}
    assert refused(code, **ALONE) in {"ENETUNREACH", "EACCES"}
    listener.close()


# --- processes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attempt",
    [
        "os.fork()",
        "import subprocess; subprocess.Popen(['/bin/true'])",
        "os.execv('/usr/bin/env', ['env'])",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.setsid()",
    ],
)
def test_it_starts_no_process_and_no_program(attempt):
    needs("system-calls")

    assert refused(attempt) in {"ENOSYS", "EACCES"}


def test_a_thread_is_allowed():
    status, output = run("import threading; t = threading.Thread(target=print, args=('ran',)); t.start(); t.join()")

    assert (status, output) == (0, "ran\n")


@pytest.mark.parametrize(
    ("attempt", "refusal"),
    [
        ("os.kill(os.getppid(), 0)", "ENOSYS"),
        ("os.killpg(0, 0)", "ENOSYS"),
        ("import signal; signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 0)", "ENOSYS"),
        (
            "import resource; resource.prlimit(os.getppid(), resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE))",
            "EACCES",
        ),
        ("import resource; resource.prlimit(os.getppid(), resource.RLIMIT_CORE)", "EACCES"),
        ("import resource; resource.prlimit(0, resource.RLIMIT_NOFILE, (9, 9))", "EACCES"),
        ("import fcntl; fcntl.fcntl(open('/usr/bin/env'), fcntl.F_SETOWN, os.getppid())", "EACCES"),
        ("os.setpriority(os.PRIO_PROCESS, os.getppid(), 0)", "ENOSYS"),
    ],
)
def test_it_does_nothing_to_another_process(attempt, refusal):
    needs("system-calls")
    control = subprocess.run(child("import os\n" + attempt), capture_output=True, check=False, start_new_session=True)

    assert control.returncode == 0
    assert refused(attempt) == refusal


def test_it_aborts_itself_and_signals_no_other_thread():
    library = "libc = ctypes.CDLL(None, use_errno=True); "
    other = f"print(libc.syscall(234, {os.getpid()}, {os.getpid()}, 0), ctypes.get_errno())"

    assert run("os.abort()")[0] == -signal.SIGABRT
    if os.uname().machine == "x86_64":
        assert "-1 13" in run(library + other)[1]


def test_beneath_the_filter_landlock_stops_signals_where_the_kernel_knows_how():
    needs("files")
    version = "from ingest.confine_files import landlock_version as ask; print(ask(confine._libc))"
    if int(run(version, **ALONE)[1]) < 6:
        pytest.skip("this kernel's Landlock has no scopes")

    assert refused("os.kill(os.getppid(), 0)", **ALONE) == "EPERM"


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def ours(tmp_path):
    """A file in a folder, as APPLIANCE_HOME has them."""
    (tmp_path / "audit.key").write_text("key")
    return tmp_path / "audit.key"


READ_AND_WRITE = {
    "reads": "open({0!r}).read()",
    "lists": "os.listdir(os.path.dirname({0!r}))",
    "writes": "open({0!r}, 'a')",
    "makes": "open({0!r} + '.new', 'w')",
    "empties": "os.truncate({0!r}, 0)",
    "empties on opening": "os.open({0!r}, os.O_RDONLY | os.O_TRUNC)",
    "removes": "os.unlink({0!r})",
    "renames": "os.rename({0!r}, {0!r} + '.new')",
    "links": "os.link({0!r}, {0!r} + '.new')",
}
BEYOND_LANDLOCK = {
    "opens to all": "os.chmod({0!r}, 0o777)",
    "opens its folder to all": "os.chmod(os.path.dirname({0!r}), 0o777)",
    "gives away": "os.chown({0!r}, 65534, 65534)",
    "backdates": "os.utime({0!r}, (0, 0))",
    "marks": "os.setxattr({0!r}, 'user.x', b'x')",
}


@pytest.mark.parametrize("attempt", [*READ_AND_WRITE.values(), *BEYOND_LANDLOCK.values()], ids=str)
def test_it_does_nothing_to_a_file_of_ours(ours, attempt):
    needs("files")
    needs("system-calls")
    before = (ours.stat(), ours.parent.stat().st_mode)

    assert refused(attempt.format(str(ours))) in {"ENOSYS", "EACCES"}

    assert (ours.stat(), ours.parent.stat().st_mode) == before
    assert os.listdir(ours.parent) == ["audit.key"]


@pytest.mark.parametrize("attempt", READ_AND_WRITE.values(), ids=READ_AND_WRITE)
def test_beneath_the_filter_landlock_holds_alone(ours, attempt):
    needs("files")

    assert refused(attempt.format(str(ours)), **ALONE) in {"EACCES", "EXDEV"}
    assert ours.read_text() == "key"


def test_it_does_not_empty_a_file_that_it_may_read(tmp_path):
    """Landlock allows that before its third version, and the child may read our own code."""
    needs("system-calls")
    code = tmp_path / "code.py"
    code.write_text("x")

    attempt = f"os.open({str(code)!r}, os.O_RDONLY | os.O_TRUNC)"

    assert refused(attempt, without=("files",)) == "EACCES"
    assert refused(f"os.truncate({str(code)!r}, 0)", without=("files",)) == "ENOSYS"
    assert code.read_text() == "x"


def test_it_writes_no_new_bytecode_and_nothing_else_into_our_code():
    needs("system-calls")

    assert refused("open(os.path.join(os.path.dirname(child.__file__), 'x.py'), 'w')") == "EACCES"


def test_the_older_way_to_open_a_file_is_no_way_round():
    needs("system-calls")
    if os.uname().machine != "x86_64":
        pytest.skip("only x86-64 has it")
    code = "call = ctypes.CDLL(None, use_errno=True).syscall; path = child.__file__.encode(); "

    assert "-1 13" in run(code + "print(call(2, path, os.O_WRONLY), ctypes.get_errno())", without=("files",))[1]
    assert "-1 13" in run(code + "print(call(2, path, os.O_TRUNC), ctypes.get_errno())", without=("files",))[1]
    assert run(code + "print(call(2, path, os.O_RDONLY) > 0)", without=("files",))[1] == "True\n"


# --- what else a kernel offers ---------------------------------------------------------------------------------------

OTHER_CALLS = {
    "ptrace": 101, "shmget": 29, "semget": 64, "msgget": 68, "setpgid": 109, "personality": 135, "mount": 165,
    "add_key": 248, "keyctl": 250, "unshare": 272, "perf_event_open": 298, "setns": 308, "process_vm_readv": 310,
    "process_vm_writev": 311, "seccomp": 317, "memfd_create": 319, "bpf": 321, "execveat": 322, "userfaultfd": 323,
    "prctl": 157, "io_uring_setup": 425, "pidfd_open": 434, "clone3": 435, "pidfd_getfd": 438, "vfork": 58,
}  # fmt: skip


def test_no_other_call_is_known_to_it():
    if os.uname().machine != "x86_64":
        pytest.skip("the numbers are those of x86-64")
    code = "libc = ctypes.CDLL(None, use_errno=True)\n" + "".join(
        f"print({name!r}, libc.syscall({number}, 0, 0, 0, 0, 0), ctypes.get_errno())\n"
        for name, number in OTHER_CALLS.items()
    )

    assert run(code)[1].splitlines() == [f"{name} -1 {errno.ENOSYS}" for name in OTHER_CALLS]


def test_calls_of_another_word_length_end_it():
    if os.uname().machine != "x86_64":
        pytest.skip("int 0x80 is x86's")
    code = (  # getpid by the table of 32 bits: mov eax, 20; int 0x80; ret
        "import mmap\n"
        "page = mmap.mmap(-1, 4096, prot=7)\n"
        "page.write(bytes.fromhex('b814000000cd80c3'))\n"
        "ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()\nprint('went on')"
    )

    assert run(code) == (-signal.SIGSYS, "")


def test_a_machine_whose_calls_are_not_known_gets_no_filter():
    assert filter_for("riscv64", 1) is None


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_path_of_the_filter_ends_and_it_is_short_enough(machine):
    program = filter_for(machine, 1)

    assert len(program) < 4096  # BPF_MAXINSNS
    for place, (code, yes, no, _) in enumerate(program):
        assert code == 0x06 or max(place + 1 + yes, place + 1 + no) < len(program)
    assert program[-1][0] == 0x06


AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL, EACCES, ENOTTY, ENOSYS = 0x7FFF0000, 0x80000000, 0x5000D, 0x50019, 0x50026


def verdict(machine, number, *arguments, pid=77, architecture=None):
    """What the filter answers to a call, by the rules of the kernel's machine: load, compare, jump, return."""
    data = struct.pack("<IIQ6Q", number, architecture or AUDIT[machine], 0, *arguments, *[0] * (6 - len(arguments)))
    program, place, loaded = filter_for(machine, pid), 0, 0
    while True:
        code, yes, no, value = program[place]
        if code == 0x06:
            return value
        if code == 0x20:
            [loaded] = struct.unpack_from("<I", data, value)
            place += 1
        else:
            place += 1 + (yes if (loaded == value if code == 0x15 else loaded & value) else no)


@pytest.mark.parametrize(
    ("numbers", "arguments", "answer"),
    [
        ((0, 63), (), ALLOW),  # read
        ((257, 56), (0, 0, os.O_RDONLY | os.O_CLOEXEC), ALLOW),
        ((257, 56), (0, 0, os.O_WRONLY), EACCES),
        ((257, 56), (0, 0, os.O_TRUNC), EACCES),
        ((257, 56), (0, 0, os.O_CREAT), EACCES),
        ((56, 220), (0x3D0F00,), ALLOW),  # clone as pthread_create calls it
        ((56, 220), (0x1200011,), EACCES),  # clone as fork calls it
        ((234, 131), (77, 77, 6), ALLOW),  # tgkill
        ((234, 131), (1, 1, 9), EACCES),
        ((72, 25), (3, 1030, 3), ALLOW),  # fcntl: F_DUPFD_CLOEXEC
        ((72, 25), (3, 8, 1), EACCES),  # F_SETOWN
        ((72, 25), (3, 10, 9), EACCES),  # F_SETSIG
        ((16, 29), (3, 0x5401), ALLOW),  # ioctl: TCGETS
        ((16, 29), (3, 0x8901, 1), ENOTTY),  # FIOSETOWN
        ((302, 261), (0, 7, 0, 0x7FFF00001000), ALLOW),  # prlimit64
        ((302, 261), (1, 7, 0, 0x7FFF00001000), EACCES),
        ((302, 261), (0, 7, 0x1000, 0), EACCES),
        ((302, 261), (0, 7, 0x7FFF00000000, 0), EACCES),
        ((41, 198), (1, 1, 0), ENOSYS),  # socket
        ((42, 203), (3, 0, 16), ENOSYS),  # connect
        ((435, 435), (0, 88), ENOSYS),  # clone3
        ((0x40000000, 0x40000000), (), ENOSYS),  # read by the x32 table
    ],
)
@pytest.mark.parametrize("machine", AUDIT)
def test_the_filter_answers_the_same_on_every_machine(machine, numbers, arguments, answer):
    number = numbers[list(AUDIT).index(machine)]

    assert verdict(machine, number, *arguments) == answer
    assert verdict(machine, number, *arguments, architecture=0x40000003) == KILL  # the calls of 32 bits


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_numbers_are_those_of_the_kernel(machine):
    header = Path(
        "/usr/include/x86_64-linux-gnu/asm/unistd_64.h" if machine == "x86_64" else "/usr/include/asm-generic/unistd.h"
    )
    if not header.exists():
        pytest.skip("the kernel's headers are not installed")
    words = [line.split() for line in header.read_text().splitlines() if line.startswith("#define __NR")]
    known = {line[1].removeprefix("__NR3264_").removeprefix("__NR_"): line[2] for line in words if line[2].isdigit()}
    known.setdefault("newfstatat", known.get("fstatat"))

    column = ("x86_64", "aarch64").index(machine)

    assert {name: str(numbers[column]) for name, numbers in ALLOWED.items() if numbers[column] is not None} == {
        name: known[name] for name, numbers in ALLOWED.items() if numbers[column] is not None
    }


@pytest.mark.parametrize(
    ("version", "fields"),
    [
        (1, [0x1FFF]),
        (2, [0x3FFF]),
        (3, [0x7FFF]),
        (4, [0x7FFF, 3]),
        (5, [0xFFFF, 3]),
        (6, [0xFFFF, 3, 3]),
        (9, [0xFFFF, 3, 3]),
    ],
)
def test_all_that_a_version_of_landlock_can_is_asked_for(version, fields):
    assert ruleset(version) == b"".join(field.to_bytes(8, "little") for field in fields)


# --- privileges and limits -------------------------------------------------------------------------------------------


def test_it_has_no_capabilities_and_gains_none():
    needs("no-capabilities")

    code = "status = open('/proc/self/status')\n" + confined("print(status.read())")  # opened before it is closed to it
    lines = subprocess.run(child(code), capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()

    shown = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    assert {shown[name] for name in ("CapEff", "CapPrm", "CapInh")} == {"0000000000000000"}
    assert shown["NoNewPrivs"] == "1"


def test_its_memory_cannot_be_read_by_others_of_this_user():
    asked = "print('dumpable', ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"  # PR_GET_DUMPABLE

    assert (
        "dumpable 1"
        in subprocess.run(child("import ctypes; " + asked), capture_output=True, text=True, check=True).stdout
    )
    assert "dumpable 0" in run(asked, **ALONE)[1]


def test_every_limit_is_set_to_what_was_granted():
    names = ("RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CORE", "RLIMIT_CPU")
    code = f"import resource; print(json.dumps([resource.getrlimit(getattr(resource, n)) for n in {names!r}]))"

    limits = json.loads(run(code, limits="Limits(memory=2**31, output=2**20, cpu_seconds=7)")[1])

    assert limits == [[2**31] * 2, [2**20] * 2, [32, 32], [0, 0], [7, 8]]


def test_a_limit_that_is_lower_already_stays():
    code = confined("import resource; print(resource.getrlimit(resource.RLIMIT_CPU))", "Limits(cpu_seconds=300)")
    lower = f"import resource; resource.setrlimit(resource.RLIMIT_CPU, (100, 100))\n{code}"

    done = subprocess.run(child(lower), capture_output=True, text=True, timeout=60, check=False)

    assert (done.stdout, done.stderr) == ("(100, 100)\n", "")


def test_its_memory_is_limited():
    status, output = run("bytearray(3 * 1024**3)")

    assert status != 0
    assert "MemoryError" in output


def test_it_opens_few_files():
    status, output = run("[os.dup(1) for _ in range(100)]")

    assert status != 0
    assert "Too many open files" in output


def test_it_ends_when_its_parent_is_gone_before_it_asked():
    code = confined("print('went on')").replace("os.getppid()", "1 if os.getppid() != 1 else 2")

    done = subprocess.run(child(code), capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert "went on" not in done.stdout


def alive(pid):
    """Whether a process still runs; one that is only waiting to be reaped does not."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return False
        if state == "Z":
            return False
        time.sleep(0.05)
    return True


def test_it_dies_with_its_parent(tmp_path):
    note = tmp_path / "pid"
    inner = confined("import time; print(os.getpid(), flush=True); time.sleep(60)")
    outer = (
        "import subprocess, sys, os, time\n"
        f"command = [sys.executable, '-c', {inner!r}]\n"
        "process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)\n"
        f"open({str(note)!r}, 'w').write(process.stdout.readline().decode())\n"
        "os.kill(os.getpid(), 9)"
    )

    subprocess.run(child(outer), check=False, timeout=60)

    assert not alive(int(note.read_text()))


def test_it_inherits_no_descriptor_and_no_environment(monkeypatch):
    monkeypatch.setenv("APPLIANCE_SECRET", "s3cret")
    pipe, other = os.pipe()
    os.set_inheritable(other, True)
    code = (
        "import os, json\n"
        "fds = [fd for fd in range(3, 200) if os.path.exists(f'/proc/self/fd/{fd}')]\n"
        "why = 'fds ' + json.dumps(fds) + ' env ' + json.dumps(sorted(os.environ))\n"
        "print('guards'); print(json.dumps({'failed': 'converter-crashed', 'values': {'name': 'a', 'why': why}}))"
    )

    with pytest.raises(ConverterCrashed, match=r"fds \[\] env") as caught:
        convert_file(b"x", "a.txt", LIMITS, required=frozenset(), child=child(code))

    os.close(pipe)
    os.close(other)
    names = json.loads(str(caught.value.values["why"]).split(" env ")[1])
    assert set(names) <= {"PATH", "LANG", "TZ", "LC_CTYPE"}
