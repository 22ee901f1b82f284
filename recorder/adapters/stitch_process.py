"""The studio on this node's disk: originals are read where they lie, and a program of its own does the work.

What a codec does to that program, a crash, all memory, no end, is a reason on record. A file that it fell
over is left out at the next try, so that the rest of the contact is still made.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Final

from recorder.errors import ArchiveError, CallBufferError, StitchFailed
from recorder.ports.recording import Archive
from recorder.stitch.plan_model import DISK_REFUSED, READING, Made, Order, Plan

MEMORY_BYTES_MAX: Final = 3 * 1024**3
"""Of address space; what is really used is a tenth of it."""
LIMIT_S: Final = 1800.0
_AVOIDED_MAX: Final = 3
_COPY_BYTES: Final = 1024 * 1024
_TOLD_CHARS: Final = 300
PASSED_ON: Final = frozenset(
    {
        "HOME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "LD_LIBRARY_PATH",  # of Python, ffmpeg and their kin where they lie in unusual places
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "PATH",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONHOME",
        "PYTHONPYCACHEPREFIX",
        "TEMP",
        "TMP",
        "TMPDIR",
        "TZ",
        "VIRTUAL_ENV",
    }
)
"""Variables that the worker gets, where the node has them."""
_MODULES: Final = "PYTHONPATH"
_HINT: Final = "The originals are untouched: `tandem contact export` writes them."


class StitchProcess:
    """Implements recorder.stitch.stitch_ports.Studio in `directory`. Not for two threads at once."""

    def __init__(
        self,
        directory: Path,
        *,
        limit_s: float = LIMIT_S,
        memory_bytes_max: int = MEMORY_BYTES_MAX,
        program: tuple[str, ...] = (sys.executable, "-P", "-m", "recorder.stitch.worker"),
    ) -> None:
        self._directory = directory
        self._limit_s = limit_s
        self._memory_bytes_max = memory_bytes_max
        self._program = program

    def write(self, name: str, data: bytes) -> str:
        """See Studio."""
        path = self._directory / "other" / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        except OSError as error:
            raise CallBufferError(f"{path} cannot be written: {error.strerror}") from error
        return str(path)

    def clear(self) -> None:
        """Throw away what was made last, and what a crash left."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def make(self, plan: Plan, prefix: str, archive: Archive) -> Made:
        """See Studio."""
        self.clear()
        paths = {key: path for key in _keys(plan) if (path := self._path(key, archive)) is not None}
        avoid: list[str] = []
        while True:
            out = self._empty("out")
            order = Order(
                plan=plan,
                paths=paths,
                avoid=tuple(avoid),
                directory=str(out),
                prefix=prefix,
                memory_bytes_max=self._memory_bytes_max,
                parent_pid=os.getpid(),
            )
            done = self._run(order)
            if done.returncode == 0:
                return _made(done)
            if done.returncode == DISK_REFUSED:
                raise CallBufferError(f"{out} cannot be written: {_told(done)}")
            at = _reading(out)
            if at is None or at in avoid or len(avoid) == _AVOIDED_MAX:
                raise StitchFailed(f"the program that stitches ended: {_told(done)}", hint=_HINT)
            avoid.append(at)

    def _run(self, order: Order) -> subprocess.CompletedProcess[bytes]:
        data = order.model_dump_json().encode()
        try:
            return subprocess.run(  # noqa: S603 - our own program
                self._program,
                input=data,
                capture_output=True,
                timeout=self._limit_s,
                check=False,
                env=environment(os.environ, str(Path(__file__).parents[2])),
            )
        except subprocess.TimeoutExpired as error:
            raise StitchFailed(
                f"stitching took longer than {self._limit_s:.0f} s", hint=_HINT
            ) from error
        except OSError as error:
            raise CallBufferError(f"the program that stitches does not start: {error}") from error

    def _empty(self, name: str) -> Path:
        path = self._directory / name
        try:
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir(parents=True)
        except OSError as error:
            raise CallBufferError(f"{path} cannot be made: {error.strerror}") from error
        return path

    def _path(self, key: str, archive: Archive) -> str | None:
        """Where an object can be read as a file: where it lies, or as a copy. None when there is none."""
        if archive.info(key) is None:
            return None
        try:
            file = archive.open(key)
        except ArchiveError:
            if archive.info(key) is None:
                return None
            raise
        with file:
            name = getattr(file, "name", None)
            if isinstance(name, str) and _is_that(name, file):
                return str(Path(name).resolve())
            return self._copy(key, file)

    def _copy(self, key: str, file: BinaryIO) -> str:
        folder = self._directory / "originals"
        path = folder / key.replace("/", "_")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as copy:
                shutil.copyfileobj(file, copy, _COPY_BYTES)
        except OSError as error:
            raise CallBufferError(f"{path} cannot be written: {error.strerror}") from error
        return str(path)


def environment(of_node: Mapping[str, str], here: str) -> dict[str, str]:
    """What the worker is given of the node's environment: nothing that may be a secret.

    A configuration refers to secrets as `env:NAME`, whatever the name; so only what a program needs to run is
    passed on. `here` comes first among the places of modules: this very installation, wherever the node was started from.
    """
    kept = {name: of_node[name] for name in of_node if name in PASSED_ON}
    before = of_node.get(_MODULES)
    return {**kept, _MODULES: os.pathsep.join([here, before] if before else [here])}


def _keys(plan: Plan) -> list[str]:
    files = [one.object_key for one in plan.files if one.use != "none" or one.beside]
    return files + [part.object_key for stream in plan.streams for part in stream.parts]


def _is_that(name: str, file: BinaryIO) -> bool:
    """Whether the open file is the one that has this name."""
    try:
        return os.path.samestat(Path(name).stat(), os.fstat(file.fileno()))
    except OSError:
        return False


def _reading(out: Path) -> str | None:
    try:
        return (out / READING).read_text(encoding="utf-8") or None
    except (OSError, UnicodeDecodeError):
        return None


def _made(done: subprocess.CompletedProcess[bytes]) -> Made:
    try:
        return Made.model_validate_json(done.stdout)
    except ValueError as error:
        raise StitchFailed(
            "the program that stitches gave no answer that can be read", hint=_HINT
        ) from error


def _told(done: subprocess.CompletedProcess[bytes]) -> str:
    if done.returncode < 0:
        return f"signal {-done.returncode}"
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    last = lines[-1][:_TOLD_CHARS] if lines else "it said nothing"
    return f"code {done.returncode}: {last}"
