"""Children as a hostile file would have them: confined as the converter is, and then at liberty to run any Python."""

import subprocess
import sys


def child(code):
    """A command that runs this code in place of the converter."""
    return (sys.executable, "-c", code)


def confined(code, limits="Limits()", without=()):
    """Code that confines itself as the child does, and then runs `code`; `held` names the guards.

    `without` names guards that are left out, so that one can be seen to hold alone.
    """
    return (
        "import os, sys, json, ctypes\n"
        + unguarded(*without)
        + "from ingest.converted import Limits\n"
        + f"held = confine.confine({limits}, os.getppid(), child._readable())\n"
        + code
    )


def unguarded(*guards):
    """Code after which this machine seems not to give these guards; `child` and `main` are the converter's."""
    names = {"files": "only_files", "system-calls": "only_calls"}
    taken = "".join(f"confine.{names[guard]} = lambda *given: False\n" for guard in guards)
    return (
        "import ingest.confine as confine\nimport ingest.convert.__main__ as child\n"
        "from ingest.convert.__main__ import main\n" + taken
    )


def run(code, **options):
    """(exit status, what it printed) of a confined child."""
    done = subprocess.run(child(confined(code, **options)), capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr
