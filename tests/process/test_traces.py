"""Real nodes that write what happens: a failover on two processes is judged by its traces."""

import json

import pytest

from recorder.cli.tree import run_command
from recorder.trace import TraceKind, read_trace

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
