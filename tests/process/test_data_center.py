"""A pair whose embedded Data Center is held by somebody else, or was migrated by a newer program."""

import os
import sqlite3
from contextlib import closing, contextmanager

import pytest

from tests.process.looking import (
    command,
    command_here,
    let_pass,
    no_failover,
    requests,
    wait_for_finding,
    wait_until_well,
)
from tests.waiting import wait_until

pytestmark = pytest.mark.process

LONG = os.environ.get("TANDEM_LONG_TESTS") == "1"
OUTAGE_S = 60.0 if LONG else 0.0
"""At least so long; the short outage lasts until both nodes have met it."""
CALLS = 12


def database(world):
    return world.directory / "center" / "contacts.db"


@contextmanager
def held(world):
    """The database in the hands of another program: nobody else can write."""
    with closing(sqlite3.connect(database(world), timeout=20.0, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_both_nodes_record_on_into_their_buffers_while_the_database_is_locked(world):
    world.start()
    world.calls(3)
    world.settle()
    before = requests(world, kind="blob", status=200)
    with held(world):
        world.place(*[{}] * CALLS)
        for node in world.nodes:
            assert "Data Center" in wait_for_finding(node, "no_witness")["what"]
        wait_until(
            lambda: requests(world, kind="blob", status=200) >= before + CALLS,
            40.0,
            "everything is fetched although nothing can be committed",
            every_s=0.1,
        )
        down = [wait_for_finding(node, "data_center_down") for node in world.nodes]
        assert all("locked" in found["what"] for found in down)
        assert all("lost" in found["hint"] for found in down)
        let_pass(OUTAGE_S)
    world.settle_and_check()
    for node in world.nodes:
        wait_until_well(node)
    no_failover(world)


@pytest.mark.skipif(not LONG, reason="long; `make test-long` runs it")
def test_a_node_started_while_the_database_is_locked_comes_up_and_archives_later(world):
    world.start()
    world.calls(2)
    world.settle()
    _, secondary = world.primary_and_secondary()
    secondary.stop()
    with held(world):
        secondary.start()
        assert secondary.wait_for_role("secondary") == "secondary"
        wait_for_finding(secondary, "no_witness")
        world.place(*[{}] * 4)
        wait_until(world.pair.primary, 5.0, "the primary stays")
    world.settle_and_check()
    wait_until_well(secondary)
    no_failover(world)


def test_a_node_refuses_a_database_that_a_newer_program_migrated(world):
    with closing(sqlite3.connect(database(world))) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    alpha = world["alpha"]
    done = command("node", "run", "--config", str(alpha.config), TANDEM_DYNAMICS_CLIENT_SECRET="x")
    assert done.returncode == 2
    assert "schema revision 9999" in done.stderr
    assert "upgrade this node" in done.stderr
    assert "Traceback" not in done.stderr
    assert alpha.view() is None, "nothing answers"


def test_a_node_refuses_to_start_on_a_file_that_is_no_database_and_names_it(make_world):
    world = make_world(empty=True)
    database(world).parent.mkdir()
    database(world).write_bytes(b"a text about databases, long enough to be read as one" * 100)
    alpha = world["alpha"]
    checked = command_here("config", "check", alpha.config, TANDEM_DYNAMICS_CLIENT_SECRET="x")
    assert checked.returncode == 0
    done = command("node", "run", "--config", str(alpha.config), TANDEM_DYNAMICS_CLIENT_SECRET="x")
    assert done.returncode == 2
    assert f"{database(world)}: file is not a database" in done.stderr
    assert "restore this one from a backup" in done.stderr
    assert "Traceback" not in done.stderr
    assert alpha.view() is None, "nothing answers"
