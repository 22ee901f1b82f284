"""One recorder node as a real process: started, killed, stopped and looked at from outside."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 30.0
_LOOK_EVERY_S = 0.02


class NodeProcess:
    """`tandem node run --config FILE`, with its output in a file beside the configuration."""

    def __init__(self, name: str, config: Path, url: str, token: str, env: dict[str, str]) -> None:
        self.name = name
        self.config = config
        self.url = url
        self.log = config.with_suffix(".log")
        self.options: tuple[str, ...] = ()
        """More words for the command, at the next start."""
        self._env = env
        self._client = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=5.0
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the process exists and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of the process started last."""
        assert self._process is not None, "not started yet"
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """None while running; negative for a signal."""
        return None if self._process is None else self._process.poll()

    def start(self, *, extra_env: dict[str, str] | None = None) -> None:
        """Start without waiting."""
        assert not self.running, f"{self.name} runs already"
        command = [sys.executable, "-m", "recorder.cli.main", "node", "run", "--config"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [*command, str(self.config), *self.options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self._env, **(extra_env or {})},
                start_new_session=True,
            )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self.running:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL, and wait until the process is gone."""
        if self._process is not None:
            self.signal(signal.SIGKILL)
            self.wait()

    def wait(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """The exit status, as soon as it ended."""
        assert self._process is not None, "not started yet"
        return self._process.wait(timeout_s)

    def stop(self) -> int:
        """SIGTERM; SIGKILL when that does not help. Returns the exit status."""
        if not self.running:
            return self.exit_status or 0
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            return self.wait()

    def close(self) -> None:
        """Give the connections to its web server back."""
        self._client.close()

    def get(self, path: str) -> Any:
        """JSON of a GET. Raises httpx.HTTPError."""
        answer = self._client.get(path)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """The answer to a POST. Raises httpx.HTTPError."""
        return self._client.post(path, json=body or {}, timeout=20.0)

    def view(self) -> dict[str, Any] | None:
        """The pair as this node sees it, or None when it does not answer."""
        with contextlib.suppress(httpx.HTTPError, ValueError):
            return self.get("/api/v1/cluster")
        return None

    def sources(self) -> list[dict[str, Any]]:
        """The state of every source as this node sees it; empty when it does not answer."""
        with contextlib.suppress(httpx.HTTPError, ValueError):
            return self.get("/api/v1/sources")["sources"]
        return []

    def role(self) -> str | None:
        """Its own role, or None when it does not answer."""
        view = self.view()
        if view is None:
            return None
        return next((node.get("role") for node in view["nodes"] if node["node"] == self.name), None)

    def wait_for_role(self, *roles: str, timeout_s: float = START_TIMEOUT_S) -> str:
        """The role it has, as soon as it is one of `roles`."""
        end = time.monotonic() + timeout_s  # noqa: TID251 - real processes, real time
        while time.monotonic() < end:  # noqa: TID251
            role = self.role()
            if role in roles:
                assert role is not None
                return role
            if not self.running:
                raise RuntimeError(f"{self.name} ended with {self.exit_status}:\n{self.tail()}")
            time.sleep(_LOOK_EVERY_S)  # noqa: TID251
        raise TimeoutError(f"{self.name} is {self.role()}, not {roles}:\n{self.tail()}")

    def tail(self, lines: int = 30) -> str:
        """The end of its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])
