"""The child: what it may not do, and that nothing it does takes the run down."""

import importlib.util
import signal
import threading
import time
from pathlib import Path

import pytest

from ingest import sandbox
from ingest.confine import ESSENTIAL
from ingest.convert import plain
from ingest.converted import Limits
from ingest.errors import (
    ConversionMemory,
    ConversionTimeout,
    ConversionUnguarded,
    ConverterCrashed,
    FileBroken,
    FileEncrypted,
    FileMislabelled,
    FileTooLarge,
    TextUndecodable,
)
from ingest.sandbox import convert_file
from tests.unit.ingest.confined import child, confined, unguarded
from tests.unit.ingest.making import document, lines, pdf, pdf_with_huge_image, workbook

LIMITS = Limits(seconds=60)

FILES = {
    "規程.txt": "第1条　会社は定める。".encode(),
    "規程.pdf": pdf(lines("第1条　会社は定める。")),
    "規程.docx": document(lambda new: new.add_paragraph("第1条　会社は定める。")),
    "規程.xlsx": workbook(lambda book: book.active.append(["第1条　会社は定める。"])),
    "規程.html": "<html><body>第1条　会社は定める。".encode(),
    "規程.md": "第1条　会社は定める。".encode(),
    "規程.csv": "第1条　会社は定める。".encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_every_format_comes_through_the_sandbox(name):
    result = convert_file(FILES[name], name, LIMITS, required=ESSENTIAL)

    # one_line, which titles and cells pass, makes an ideographic space a common one
    assert result.converted.parts[0].text.replace("\u3000", " ") == "第1条 会社は定める。"
    assert result.converted.language == "ja"
    assert bool(result.converted.pictures) == name.endswith(".pdf")


def test_the_result_says_which_guards_held():
    result = convert_file(b"text", "a.txt", LIMITS, required=ESSENTIAL)

    assert ESSENTIAL <= set(result.guards) <= ESSENTIAL | {"own-network"}


def test_where_an_essential_guard_does_not_hold_no_byte_of_the_file_is_looked_at():
    code = unguarded("files") + (
        "import ingest.convert as package\n"
        "def looked(data, name, limits): raise LookupError('the file was read')\n"
        "package.convert = looked\n"
        "main()"
    )

    with pytest.raises(
        ConversionUnguarded, match=r"a\.txt was not opened, .* safely: the sandbox is missing files"
    ) as no:
        convert_file(b"x", "a.txt", LIMITS, required=ESSENTIAL, child=child(code))

    assert "files" in no.value.text("ja")
    assert "conversion_guards" in no.value.text("ja")


def test_a_child_that_goes_on_without_a_required_guard_is_not_believed():
    code = unguarded("system-calls") + (
        "real = child.json.loads\nchild.json.loads = lambda line: {**real(line), 'required': []}\nmain()"
    )

    with pytest.raises(ConversionUnguarded, match="the sandbox is missing system-calls"):
        convert_file(b"x", "a.txt", LIMITS, required=ESSENTIAL, child=child(code))


def test_where_it_is_said_so_a_file_is_converted_without_the_guards():
    code = unguarded("files", "system-calls") + "main()"

    result = convert_file(b"text", "a.txt", LIMITS, required=frozenset(), child=child(code))

    assert result.converted.parts[0].text == "text"
    assert set(result.guards) == ESSENTIAL - {"files", "system-calls"} | ({"own-network"} & set(result.guards))


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (pdf(lines("秘密"), password="x"), "a.pdf", FileEncrypted),
        (pdf(lines("本文"))[:400], "a.pdf", FileBroken),
        (b"<!doctype html><p>sign in", "a.pdf", FileMislabelled),
        ("größer".encode("latin-1"), "a.txt", TextUndecodable),
    ],
)
def test_a_failure_keeps_its_kind_and_its_sentences_across_the_process(data, name, kind):
    with pytest.raises(kind, match=rf"^{name}") as caught:
        convert_file(data, name, LIMITS, required=ESSENTIAL)

    assert name in caught.value.text("ja")


def test_a_name_with_any_bytes_in_it_is_only_a_name():
    for name in ("a\udcff\n\0.txt", "../../etc/passwd.txt", "$(touch x).txt", "-c.txt", "あ" * 300 + ".txt"):
        assert convert_file(b"text", name, LIMITS, required=ESSENTIAL).converted.parts[0].text == "text"


def test_the_converters_are_compiled_once_and_not_by_every_child():
    compiled = Path(importlib.util.cache_from_source(plain.__file__))
    compiled.unlink(missing_ok=True)
    sandbox._compile_converters.cache_clear()

    convert_file(b"text", "a.txt", LIMITS, required=ESSENTIAL)

    assert compiled.exists()


# --- children that misbehave -----------------------------------------------------------------------------------------


def test_a_child_that_hangs_is_stopped_with_all_it_started(tmp_path):
    note = tmp_path / "pids"
    code = (
        "import os, subprocess, sys, time\n"
        "other = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(note)!r}, 'w').write(f'{{os.getpid()}} {{other.pid}}')\n"
        "time.sleep(60)"
    )

    with pytest.raises(ConversionTimeout, match=r"^a\.txt was not converted within 2 s and was stopped"):
        convert_file(b"x", "a.txt", Limits(seconds=2), child=child(code), required=ESSENTIAL)

    for pid in map(int, note.read_text().split()):
        assert not alive(pid)


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


def test_what_a_child_left_running_ends_with_it(tmp_path):
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys\n"
        "other = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(note)!r}, 'w').write(str(other.pid))"
    )

    with pytest.raises(ConverterCrashed, match="its result cannot be used"):
        convert_file(b"x", "a.txt", LIMITS, child=child(code), required=ESSENTIAL)

    assert not alive(int(note.read_text()))


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGILL, signal.SIGTRAP])
def test_a_child_that_crashes_is_named_by_its_signal(number):
    code = f"import os; os.kill(os.getpid(), {int(number)})"

    with pytest.raises(ConverterCrashed, match=f"made the converter stop \\({number.name}\\)"):
        convert_file(b"x", "a.txt", LIMITS, child=child(code), required=ESSENTIAL)


def test_a_child_that_the_kernel_killed_was_out_of_memory():
    code = "import os; os.kill(os.getpid(), 9)"

    with pytest.raises(ConversionMemory, match="needs more memory to convert than the limit of 2048 MiB"):
        convert_file(b"x", "a.txt", LIMITS, child=child(code), required=ESSENTIAL)


def test_a_child_over_its_processor_time_is_a_timeout():
    code = confined("while True: pass", "Limits(cpu_seconds=1)")

    with pytest.raises(ConversionTimeout, match="was not converted within 1 s"):
        convert_file(b"x", "a.txt", Limits(seconds=60, cpu_seconds=1), child=child(code), required=ESSENTIAL)


def test_a_child_that_exits_with_an_error_is_named():
    with pytest.raises(ConverterCrashed, match="exit status 7"):
        convert_file(b"x", "a.txt", LIMITS, child=child("raise SystemExit(7)"), required=ESSENTIAL)


@pytest.mark.parametrize(
    "output", ["", "x", "\n", "guards\n", "guards\n{}", "guards\n[1]\n", 'guards\n{"failed":"internal","values":{}}\n']
)
def test_a_child_that_writes_garbage_is_not_believed(output):
    with pytest.raises(ConverterCrashed, match="its result cannot be used"):
        convert_file(b"x", "a.txt", LIMITS, child=child(f"print({output!r}, end='')"), required=ESSENTIAL)


def test_a_defect_is_reported_by_its_place_and_without_its_message():
    code = (
        "import runpy, sys, ingest.convert as package\n"
        "def broken(data, name, limits): raise LookupError('a sentence of the document')\n"
        "package.convert = broken\n"
        "runpy.run_module('ingest.convert', run_name='__main__', alter_sys=True)"
    )

    with pytest.raises(ConverterCrashed, match=r"LookupError, <string>:2") as caught:
        convert_file(b"x", "a.txt", LIMITS, child=child(code), required=ESSENTIAL)

    assert "sentence of the document" not in str(caught.value)


def test_what_a_library_prints_does_not_get_into_the_result():
    code = (
        "import atexit, runpy, os, sys, ingest.convert as package\n"
        "real = package.convert\n"
        "atexit.register(lambda: os.write(1, b'noise at the end'))\n"
        "def noisy(data, name, limits):\n"
        "    print('noise', flush=True); os.write(1, b'noise'); return real(data, name, limits)\n"
        "package.convert = noisy\n"
        "runpy.run_module('ingest.convert', run_name='__main__', alter_sys=True)"
    )

    assert convert_file(b"x", "a.txt", LIMITS, child=child(code), required=ESSENTIAL).converted.parts[0].text == "x"


# --- limits ----------------------------------------------------------------------------------------------------------


def test_memory_over_the_limit_is_a_reported_failure():
    data = ("長い行です。" * 40 + "\n").encode() * 100_000

    with pytest.raises(ConversionMemory, match="than the limit of 300 MiB"):
        convert_file(
            data, "a.txt", Limits(memory=300 * 1024 * 1024, characters=10**9, output=10**9), required=ESSENTIAL
        )


def test_a_picture_that_unpacks_to_more_than_the_memory_does_no_harm():
    data = pdf_with_huge_image()
    assert len(data) < 500_000

    try:
        result = convert_file(data, "a.pdf", Limits(seconds=60, memory=400 * 1024 * 1024), required=ESSENTIAL)
    except (ConversionMemory, ConverterCrashed) as failure:
        assert failure.values["name"] == "a.pdf"  # noqa: PT017 -- PDFium may also stop itself; both are contained
    else:
        assert result.converted.parts[0].text == "Text beside it"


def test_a_result_over_the_limit_is_a_reported_failure():
    with pytest.raises(FileTooLarge, match="the converted document over the limit of 1000 bytes"):
        convert_file(b"x" * 2_000, "a.txt", Limits(output=1_000), required=ESSENTIAL)


def test_an_input_over_the_limit_starts_no_process(monkeypatch):
    monkeypatch.setattr(sandbox, "_run", lambda *arguments: pytest.fail("a process was started"))

    with pytest.raises(FileTooLarge, match="3 bytes over the limit of 2 bytes"):
        convert_file(b"abc", "a.txt", Limits(input=2), required=ESSENTIAL)


def test_conversions_run_beside_each_other():
    results = {}

    def work(number):
        results[number] = (
            convert_file(f"text {number}".encode(), "a.txt", LIMITS, required=ESSENTIAL).converted.parts[0].text
        )

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == {number: f"text {number}" for number in range(6)}
