"""Real nodes that write what happens: a failover on two processes is judged by its traces."""

import json

import pytest

from recorder.cli.tree import run_command
from recorder.tracing.rows import TraceKind, read_trace
from sim.desk.recorded_pair import SOURCE, TOKEN, RecordedPair
from tests.recorder.desktop.desktop import Desktop
from tests.recorder.desktop.screens import EveryFrameAnother
from tests.waiting import wait_until

pytestmark = pytest.mark.process


@pytest.fixture
def traces(world):
    """Where each node of the world writes its trace, from the next start on."""
    paths = {node.name: world.directory / f"{node.name}.trace" for node in world.nodes}
    for node in world.nodes:
        node.options = ("--trace", str(paths[node.name]))
    return paths


def test_the_traces_of_a_pair_that_lost_its_primary_are_good_and_hold_no_secret(
    world, traces, capsys
):
    world.start()
    world.calls(10, over_s=2.0)
    primary, secondary = world.primary_and_secondary()
    world.wait_for_archived(3)
    world.kill(primary)
    secondary.wait_for_role("primary")
    world.calls(5, over_s=1.0)
    world.settle_and_check()
    for node in world.nodes:
        node.stop()
    paths = [str(path) for path in traces.values()]
    status = run_command(["sim", "check", *paths, "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert (status, answer["violations"]) == (0, [])
    assert {one["origin"] for one in answer["traces"]} == set(traces)

    header, rows = read_trace(traces[secondary.name])
    rows = [*rows]
    assert header.origin == secondary.name
    reigns = [row for row in rows if row.kind == TraceKind.ROLE and row.what == "primary"]
    assert reigns
    assert {row.what for row in rows if row.kind == TraceKind.ITEM} >= {"found", "archived", "done"}
    assert rows[-1].what == "stopped"
    text = "".join(path.read_text() for path in traces.values())
    for secret in ("secret-of-", "Bearer", "sig=", world.pair.token):
        assert secret not in text


@pytest.fixture
def recorded(tmp_path):
    """A pair that writes traces, and a desktop whose agent is on a call."""
    with RecordedPair(tmp_path / "pair", agents=["anna"]) as pair:
        for name, node in pair.pair.nodes.items():
            node.options = ("--trace", str(tmp_path / f"{name}.trace"))
        pair.pair.start()
        desktop = Desktop(
            tmp_path / "spool", pair.urls, EveryFrameAnother(160, 96), token=TOKEN,
            agents={SOURCE: "anna"}, key_every_s=60.0, connect_s=2.0,
        )  # fmt: skip
        yield pair, desktop
        if not desktop.loop.is_closed():
            desktop.close()


def test_the_traces_of_a_pair_that_recorded_a_screen_tell_its_way_and_are_judged(
    recorded, tmp_path, capsys
):
    pair, desktop = recorded
    wait_until(lambda: len(desktop.kept) >= 10, 30.0, "ten frames")
    first = desktop.board._node.split(" ")[0]
    pair[first].kill()
    wait_until(lambda: desktop.board._node.split(" ")[0] not in {"", first}, 30.0, "another node")
    before = len(desktop.kept)
    wait_until(lambda: len(desktop.kept) >= before + 10, 30.0, "ten more frames")
    desktop.close()
    pair[first].wait()
    pair[first].start()
    wait_until(lambda: pair.archived().keys() >= desktop.kept.keys(), 60.0, "all is archived")
    for node in pair.pair.nodes.values():
        node.stop()

    (second,) = (name for name in pair.pair.nodes if name != first)
    path = tmp_path / f"{second}.trace"
    header, rows = read_trace(path)
    told = {row.what for row in rows if row.kind == TraceKind.SCREEN}
    assert told >= {"legs", "desktop", "stream", "first", "sealed", "kept", "archived", "deleted"}
    assert header.origin == second
    assert run_command(["sim", "check", str(path), str(tmp_path / f"{first}.trace")]) == 0
    capsys.readouterr()

    bad = tmp_path / "bad.trace"
    lines = path.read_text().splitlines(keepends=True)
    bad.write_text("".join(line for line in lines if '"what":"archived"' not in line))
    assert run_command(["sim", "check", str(bad), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["violations"]
    assert {one["promise"] for one in found} == {"screen_follows_agent"}
