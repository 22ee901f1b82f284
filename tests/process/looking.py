"""What tests on real processes look at, beside the checkers."""

import json
import os
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any

import pytest

from recorder.cli.main import run
from recorder.records.contacts import ItemRow
from sim.served.node_process import NodeProcess
from tests.process.world import World
from tests.waiting import wait_until

CLI_TIMEOUT_S = 100.0


def tandem(world: World, *words: object, url: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command here, with addresses and token of the pair, or of one node."""
    return command_here(
        *words,
        TANDEM_URL=url or world.pair.urls,
        TANDEM_TOKEN_FILE=str(world.pair.token_file),
    )


def command_here(*words: object, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command in this process: to start one takes longer than what most commands do."""
    out, err = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name, value in env.items():
            patch.setenv(name, value)
        status = run([str(word) for word in words])
    return subprocess.CompletedProcess(words, status, out.getvalue(), err.getvalue())


def command(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, with this environment on top."""
    return subprocess.run(
        [sys.executable, "-m", "recorder.cli.main", *words],
        capture_output=True,
        text=True,
        timeout=CLI_TIMEOUT_S,
        env={**os.environ, **env},
        check=False,
    )


def as_json(done: subprocess.CompletedProcess[str]) -> Any:
    """What a command that ended well printed."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def row_of(world: World, key: str) -> ItemRow | None:
    """An item as the Data Center knows it."""
    with world.data_center() as (db, _):
        return next(iter(db.item(None, key)), None)


def wait_for_row(world: World, key: str, timeout_s: float = 40.0, **expected: Any) -> ItemRow:
    """An item as soon as these of its columns are so."""
    seen: list[ItemRow | None] = []

    def is_so() -> bool:
        seen[:] = [row_of(world, key)]
        return seen[0] is not None and all(
            getattr(seen[0], name) == value for name, value in expected.items()
        )

    try:
        wait_until(is_so, timeout_s, f"{key} is {expected}", every_s=0.1)
    except AssertionError as error:
        raise AssertionError(f"{error}; it is {seen[0]}") from error
    assert seen[0] is not None
    return seen[0]


def story_of(world: World, key: str) -> list[tuple[str, str]]:
    """What happened to an item: (what, detail)."""
    with world.data_center() as (db, _):
        return [(event.what, event.detail) for event in db.story("dynamics", key)]


def requests(world: World, *, client: str = "", kind: str = "", status: int = 0) -> int:
    """Requests the service answered so far, to this client, of this kind, with this status."""
    return sum(
        row["count"]
        for row in world.admin.statistics()["requests"]
        if client in {"", row["client"]}
        and kind in {"", row["request"]}
        and status in {0, row["status"]}
    )


def finding(node: NodeProcess, code: str) -> dict[str, Any] | None:
    """An open finding by its code."""
    view = node.view()
    found = [] if view is None else view["findings"]
    return next((one for one in found if one["code"] == code), None)


def wait_for_finding(node: NodeProcess, code: str, timeout_s: float = 40.0) -> dict[str, Any]:
    """A finding, as soon as it is open; it has a cause and a next step."""
    wait_until(lambda: finding(node, code), timeout_s, f"{node.name} finds {code}", every_s=0.1)
    found = finding(node, code)
    assert found is not None
    assert found["what"]
    assert found["hint"]
    return found


def wait_until_well(node: NodeProcess, *codes: str, timeout_s: float = 30.0) -> None:
    """Until none of these findings is open (any finding, when none is named)."""
    left: list[str] = []

    def is_well() -> bool:
        view = node.view()
        found = [f"{one['code']}: {one['what']}" for one in view["findings"]] if view else ["mute"]
        left[:] = [one for one in found if not codes or one.partition(":")[0] in codes]
        return not left

    try:
        wait_until(is_well, timeout_s, f"{node.name} is well", every_s=0.1)
    except AssertionError as error:
        raise AssertionError(f"{error}; it finds {left}\n{node.tail(60)}") from error


def source_of(node: NodeProcess) -> dict[str, Any]:
    """The state of the source, as a node sees it."""
    return node.get("/api/v1/sources")["sources"][0]


def no_failover(world: World) -> None:
    """Exactly one node ever was primary, once."""
    reigns = [row for row in world.history() if row.new == "primary"]
    assert len(reigns) == 1, reigns


def let_pass(seconds: float) -> None:
    """Real time that must pass because a long trouble is the subject."""
    until = time.monotonic() + seconds  # noqa: TID251 - real time is the subject
    wait_until(
        lambda: time.monotonic() >= until,  # noqa: TID251
        seconds + 5.0,
        f"{seconds} s pass",
        every_s=0.2,
    )
