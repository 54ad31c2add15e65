"""Puts the verifier of audit exports into one file, for an auditor's own computer.

python infra/setup/verifier.py [FILE]    default: build/appliance-verify.pyz

It holds the modules that `appliance-verify` imports and nothing else; Python 3.11 and the package `cryptography` are
what it needs there. The same code gives the same bytes, so whoever builds it again can compare the sha256 it prints.
"""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROOT = Path(__file__).parents[2]
_MAIN = "import sys\n\nfrom appliance.audit.verify import main\n\nsys.exit(main())\n"
_LOADED = """
import sys, appliance.audit.verify
for name, module in sys.modules.items():
    if name.partition(".")[0] == "appliance":
        print(module.__file__)
"""


def build(target: Path) -> str:
    """Write the file; its sha256 in hex."""
    said = subprocess.run([sys.executable, "-c", _LOADED], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = {str(Path(line).relative_to(ROOT)): Path(line).read_bytes() for line in said.split("\n") if line}
    files |= {"__main__.py": _MAIN.encode(), "LICENSE": (ROOT / "LICENSE").read_bytes()}
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        out.write(b"#!/usr/bin/env python3\n")
        with ZipFile(out, "w", ZIP_DEFLATED) as packed:
            for name in sorted(files):
                item = ZipInfo(name)  # its time is 1980: the bytes depend on the code alone
                item.compress_type = ZIP_DEFLATED
                item.external_attr = 0o644 << 16
                packed.writestr(item, files[name])
    target.chmod(0o755)
    return sha256(target.read_bytes()).hexdigest()


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "appliance-verify.pyz"
    print(f"{build(place)}  {place}")
