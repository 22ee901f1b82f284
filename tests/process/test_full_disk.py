"""Call buffers that are full: by their own cap, by the reserve of the disk, and in the middle of a file."""

import os
import subprocess
from contextlib import contextmanager

import pytest

from tests.process.looking import (
    no_failover,
    wait_for_finding,
    wait_for_row,
    wait_until_well,
)
from tests.process.world import World
from tests.waiting import wait_until

pytestmark = pytest.mark.process

MIB = 1024 * 1024
CAP_BYTES = 2 * MIB
SMALL_DISK_BYTES = 8 * MIB
SMALL_BUFFER = {"reserve_bytes": MIB, "resume_bytes": 2 * MIB, "look_every_s": 0.2}
FULL = "buffer_full"


def filler(world, node):
    """A part file of a download that will never go on."""
    return world.directory / node.name / "buffer" / f"{'f' * 64}.part"


def fill(world, *nodes):
    for node in nodes:
        filler(world, node).write_bytes(bytes(CAP_BYTES))


def archived_by(world, node):
    return [row for row in world.contents().items if row.archived_by == node.name]


@contextmanager
def small_disk(directory):
    """A file system of its own, or a skipped test where none can be mounted."""
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_BYTES}", "tmpfs", str(directory)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(
        tmp_path_factory.mktemp("full"),
        tables={
            "buffer": {
                "reserve_bytes": 0,
                "resume_bytes": MIB,
                "bytes_max": CAP_BYTES,
                "look_every_s": 0.2,
            },
            "retry": {"base_s": 0.2, "cap_s": 0.5, "park_after_tries": 3},
        },
    )
    try:
        world.start()
        yield world
    finally:
        world.close()


@pytest.mark.parametrize("whose", ["primary", "secondary"])
def test_the_other_node_takes_the_work_of_one_whose_buffer_is_full(world, whose):
    pair = world.primary_and_secondary()
    full, other = pair if whose == "primary" else pair[::-1]
    before = len(archived_by(world, full))
    fill(world, full)
    found = wait_for_finding(full, FULL)
    assert "free above the reserve" in found["what"]
    world.place(*[{}] * 6)
    world.settle_and_check()
    assert len(archived_by(world, full)) == before
    assert other.view() is not None
    filler(world, full).unlink()
    wait_until_well(full, FULL)
    world.place(*[{}] * 12)
    world.settle_and_check()
    assert len(archived_by(world, full)) > before
    no_failover(world)


def test_with_both_buffers_full_items_wait_without_being_parked_until_there_is_room(world):
    primary, _ = world.primary_and_secondary()
    fill(world, *world.nodes)
    for node in world.nodes:
        wait_for_finding(node, FULL)
    keys = world.place(*[{}] * 3)
    for key in keys:
        wait_for_row(world, key)
    seen = len(world.polls(primary))
    wait_until(lambda: len(world.polls(primary)) > seen + 4, 10.0, "it polls on", every_s=0.1)
    for node in world.nodes:
        filler(world, node).unlink()
    for key in keys:
        row = wait_for_row(world, key, state="archived")
        assert row.attempts <= 1
    world.settle_and_check()
    for node in world.nodes:
        wait_until_well(node)
    no_failover(world)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_a_disk_that_is_really_full_stops_its_node_and_resumes_by_itself(tmp_path, make_world):
    with small_disk(tmp_path / "alpha"):
        world = make_world(of_node={"alpha": {"buffer": SMALL_BUFFER}})
        world.start()
        alpha, beta = world["alpha"], world["beta"]
        # Larger than the whole disk of one node: the write fails in the middle of the file.
        world.place(*[{"recordings": [{"size_bytes": SMALL_DISK_BYTES + MIB}]}] * 3)
        world.settle_and_check()
        assert len(archived_by(world, beta)) == 3
        (tmp_path / "alpha" / "someone-elses").write_bytes(bytes(SMALL_DISK_BYTES - MIB))
        assert "reserve" in wait_for_finding(alpha, FULL)["what"]
        world.place(*[{}] * 4)
        world.settle_and_check()
        assert len(archived_by(world, beta)) == 7
        (tmp_path / "alpha" / "someone-elses").unlink()
        wait_until_well(alpha)
        world.place(*[{}] * 12)
        world.settle_and_check()
        assert archived_by(world, alpha)
        no_failover(world)
        world.pair.stop()
