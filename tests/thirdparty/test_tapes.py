"""A stranger's adapter: installed by its entry point, held to the contract, at work on a real node."""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from recorder.adapters.registry import PluginRegistry, PluginStatus, status_of
from sim.served.local_pair import LocalPair, PairPlan
from sim.served.source_plan import NODES, SourcePlan
from sim.ucaas.server import FakeServer
from tests.process.looking import command
from tests.thirdparty.stranger import ROOT, TAPES, install, on_path
from tests.waiting import wait_until

CONTRACT_TESTS_MIN = 50


@pytest.fixture
def installed(tmp_path):
    return install(TAPES, tmp_path / "site")


@pytest.fixture
def fake_tapes(monkeypatch):
    """The module of the fake, which is beside the package's tests."""
    monkeypatch.syspath_prepend(str(TAPES / "tests"))
    yield importlib.import_module("fake_tapes")
    sys.modules.pop("fake_tapes", None)


def test_the_package_passes_the_contract_in_a_repository_of_its_own(installed, tmp_path):
    own = shutil.copytree(
        TAPES, tmp_path / "own", ignore=shutil.ignore_patterns("src", "__pycache__")
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=own,
        env={**os.environ, **on_path(installed, own / "tests", ROOT)},
        capture_output=True,
        text=True,
        timeout=100.0,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed, done.stdout
    assert int(passed[1]) > CONTRACT_TESTS_MIN


def test_the_registry_finds_it_by_its_entry_point(installed, monkeypatch):
    monkeypatch.syspath_prepend(str(installed))
    loaded = PluginRegistry().load()
    try:
        assert status_of(loaded["tapes"]) is PluginStatus.ENABLED
        assert status_of(loaded["dynamics"]) is PluginStatus.ENABLED
    finally:
        for name in [name for name in sys.modules if name.startswith("tandem_tapes")]:
            del sys.modules[name]


@pytest.mark.process
def test_it_records_on_a_real_node(installed, fake_tapes, tmp_path):
    key = "key-of-alpha"
    fake = fake_tapes.FakeTapes(url="", keys={key}, wall_s=time.time)  # noqa: TID251 - a real port
    server = FakeServer(handle=fake.handle)
    fake.url = server.urls[0]
    now_us = time.time_ns() // 1000  # noqa: TID251
    for number in range(5):
        sound = b"ID3\x03" + bytes([number]) * 5000
        fake.offer(fake_tapes.Tape(f"t{number}", "one-call", now_us - number * 1_000_000, sound))
    plan = SourcePlan(
        kind="tapes", keys={"url": fake.url}, secrets={node: {"api_key": key} for node in NODES}
    )
    server.start()
    pair = LocalPair(PairPlan(tmp_path / "pair", (plan,)))
    alpha = pair.nodes["alpha"]
    environment = {**on_path(installed), **plan.environment("alpha")}
    try:
        checked = command("source", "check", "tapes", "--config", str(alpha.config), **environment)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        alpha.start(extra_env=environment)
        alpha.wait_for_role("primary")
        wait_until(lambda: len(archived(alpha)) == 5, 20.0, "all are archived", every_s=0.1)
        (contact,) = alpha.get("/api/v1/contacts")["contacts"]
        assert len(archived(alpha)) == 5, json.dumps(contact)
        fake.offer(replace(fake.tapes["t0"], id="t9", body=b"ID3 the last"))
        wait_until(lambda: len(archived(alpha)) == 6, 20.0, "a later one too", every_s=0.1)
        (source,) = alpha.sources()
        assert (source["kind"], source.get("last_error")) == ("tapes", None)
    finally:
        alpha.kill()
        for node in pair.nodes.values():
            node.close()
        server.stop()


def archived(node):
    return node.get("/api/v1/items?state=archived")["items"]
