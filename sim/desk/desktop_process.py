"""One agent's desktop service as a real process: started, killed, stopped and looked at from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.served.toml_text import toml_text

TOKEN_VARIABLE = "TANDEM_DESKTOP_TOKEN"  # noqa: S105 - the name of a variable
_STOP_S = 20.0


class DesktopProcess:
    """`tandem agent-desktop --config FILE`, with its output in a file beside the configuration."""

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        urls: Sequence[str],
        display: str,
        token: str,
        agents: dict[str, str],
        screen: dict[str, Any] | None = None,
        spool: dict[str, Any] | None = None,
        nodes: dict[str, Any] | None = None,
    ) -> None:
        """`screen`, `spool` and `nodes` are more keys of these tables."""
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.config = folder / f"{name}.toml"
        self.log = folder / f"{name}.log"
        self.spool = folder / f"{name}-spool"
        self._env = {**os.environ, TOKEN_VARIABLE: token}
        self._process: subprocess.Popen[bytes] | None = None
        self.config.write_text(
            toml_text({
                "desktop": {"id": name},
                "desktop.agents": agents,
                "nodes": {"urls": list(urls), "token": f"env:{TOKEN_VARIABLE}", **(nodes or {})},
                "screen": {"display": display, **(screen or {})},
                "spool": {"folder": str(self.spool), **(spool or {})},
            }),
            encoding="utf-8",
        )  # fmt: skip

    @property
    def pid(self) -> int:
        """Of the process started last."""
        assert self._process is not None, "not started yet"
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process exists and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start without waiting."""
        assert not self.running, f"{self.name} runs already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                self._command(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._env,
                start_new_session=True,
            )  # fmt: skip

    def stop(self) -> int:
        """SIGTERM; SIGKILL when that does not help. Returns the exit status."""
        assert self._process is not None, "not started yet"
        if self.running:
            self._process.send_signal(signal.SIGTERM)
            try:
                return self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()
        return self._process.wait()

    def kill(self) -> None:
        """SIGKILL, and wait until the process is gone."""
        if self._process is not None and self.running:
            self._process.kill()
            self._process.wait()

    def ask(self, *words: str) -> tuple[int, str, str]:
        """Run the command with more words: exit status, output, messages."""
        done = subprocess.run(  # noqa: S603 - our own program
            [*self._command(), *words], env=self._env, capture_output=True, text=True, check=False,
            timeout=60,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    def view(self) -> dict[str, Any]:
        """What it wrote of itself; empty before that."""
        try:
            return json.loads((self.spool / "status.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    def tail(self, lines: int = 30) -> str:
        """The end of its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def _command(self) -> list[str]:
        words = ["agent-desktop", "--config", str(self.config)]
        return [sys.executable, "-m", "recorder.cli.main", *words]
