"""`tandem demo`, as a visitor runs it, with fewer calls."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.process.world import LONG

pytestmark = pytest.mark.process

CALLS = 12
ROOT = Path(__file__).parents[2]


EVERY = ["--sources", "dynamics,zoom,webex", "--webhooks"]


@pytest.mark.parametrize(
    ("more", "kinds"),
    [
        ([], {"dynamics"}),
        pytest.param(EVERY, {"dynamics", "zoom", "webex"}, marks=LONG),
    ],
)
def test_the_demo_kills_the_primary_and_every_promise_is_kept(more, kinds, tmp_path):
    directory = tmp_path / "demo"
    words = ["demo", "--directory", str(directory), "--calls", str(CALLS), *more]
    done = subprocess.run(
        [sys.executable, "-m", "recorder.cli.main", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=150.0,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kill -9" in done.stdout
    assert "verdict         good" in done.stdout
    verdict = json.loads((directory / "verdict.json").read_text(encoding="utf-8"))
    assert set(verdict) == {
        "offered",
        "archived",
        "lost",
        "duplicates",
        "bytes_verified",
        "takeover_ms",
        "violations",
        "good",
        "sources",
    }
    assert set(verdict["sources"]) == kinds
    for name in ("offered", "archived", "bytes_verified"):
        assert sum(one[name] for one in verdict["sources"].values()) == verdict[name]
    assert verdict["good"]
    assert verdict["offered"] == verdict["archived"] >= CALLS
    assert (verdict["lost"], verdict["duplicates"], verdict["violations"]) == (0, 0, [])
    assert verdict["takeover_ms"] > 0
