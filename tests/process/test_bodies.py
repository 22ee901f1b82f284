"""Downloads that go wrong: what is archived is what the source served, to the byte, or nothing."""

import pytest

from tests.process.looking import (
    as_json,
    requests,
    row_of,
    source_of,
    story_of,
    tandem,
    wait_for_finding,
    wait_for_row,
    wait_until_well,
)
from tests.process.world import World
from tests.waiting import wait_until

pytestmark = pytest.mark.process

BLOB = ("blob",)
SPOILED = {
    "is cut short": ("cut", {}),
    "is cut short by a reset": ("cut", {"reset": True}),
    "is shorter than announced": ("truncate", {"announced": "full"}),
    "is announced too short": ("truncate", {"announced": "short"}),
    "is a web page": ("html", {}),
    "is empty": ("empty", {}),
    "stalls for ever": ("stall", {}),
    "is redirected elsewhere": ("redirect", {}),
    "has a link that ran out": ("link_expired", {}),
}
"""What becomes of a body: kind of fault and its parameters."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(
        tmp_path_factory.mktemp("bodies"),
        tables={
            "ingest": {"stall_s": 1.0},
            "retry": {"base_s": 0.2, "cap_s": 1.0, "park_after_tries": 3},
        },
    )
    try:
        world.start()
        yield world
    finally:
        world.close()


@pytest.fixture(scope="module")
def spoiled(world):
    """One recording for each kind of trouble, all at the same time: its key by the trouble."""
    keys = dict(zip(SPOILED, world.place(*[{} for _ in SPOILED]), strict=True))
    for what, key in keys.items():
        kind, parameters = SPOILED[what]
        world.admin.add_fault(kind, item=key, requests=BLOB, count=1, **parameters)
    return keys


def a_call(world, kind, **fault):
    """A call whose recording suffers from a fault: its key."""
    key = world.place({})[0]
    world.admin.add_fault(kind, item=key, **fault)
    return key


@pytest.mark.parametrize("what", SPOILED)
def test_a_recording_is_archived_whole_although_its_body(world, spoiled, what):
    wait_for_row(world, spoiled[what], state="archived")
    wait_until(
        lambda: all(fault["item"] != spoiled[what] for fault in world.admin.faults()),
        5.0,
        "the trouble was met",
    )
    world.settle_and_check()


def test_nothing_is_fetched_from_where_a_redirect_leads_and_no_token_goes_there(world):
    key = a_call(world, "redirect", requests=("blob", "value"), count=4)
    wait_for_row(world, key, state="archived")
    world.settle_and_check()
    statistics = world.admin.statistics()
    assert requests(world, status=307) >= 4
    assert statistics["strays"] == []
    assert statistics["credential_leaks"] == 0


def test_a_recording_deleted_before_its_download_ends_as_gone_with_a_reason(world):
    key = a_call(world, "deleted_before_download", requests=("sas",), count=1)
    row = wait_for_row(world, key, state="gone")
    assert row.reason
    assert "gone" in [what for what, _ in story_of(world, key)]
    world.settle_and_check()


def test_without_signed_links_files_are_read_in_ranges_through_the_api(make_world):
    world = make_world(keys={"prefer_sas": False})
    world.start()
    world.place({"recordings": [{"size_bytes": 9_000_000}]}, {})
    world.settle_and_check()
    assert requests(world, kind="blob") == 0
    assert requests(world, kind="value", status=206) >= 3 + 1


def test_a_poison_item_is_parked_told_of_and_archived_once_it_is_mended(world):
    key = a_call(world, "html", requests=("blob", "value"))
    primary, _ = world.primary_and_secondary()
    row = wait_for_row(world, key, parked=True, state="failed")
    assert (row.attempts, row.reason.partition(":")[0]) == (3, "not_media")
    wait_for_finding(primary, "parked_items")
    wait_until(lambda: source_of(primary)["parked"] == 1, 5.0, "it is counted")
    _it_does_not_hold_the_watermark(world, primary, row.ref.changed_us)
    _its_story_is_told(world, key)
    world.admin.clear_faults()
    assert tandem(world, "item", "retry", "dynamics", key, url=primary.url).returncode == 0
    wait_for_row(world, key, state="archived")
    wait_until_well(primary, "parked_items")
    assert source_of(primary)["parked"] == 0
    world.settle_and_check()


def _it_does_not_hold_the_watermark(world, primary, changed_us):
    def watermark_us():
        with world.data_center() as (db, _):
            return db.load_progress()[0].watermark_us

    wait_until(lambda: watermark_us() > changed_us, 10.0, "the watermark passes it", every_s=0.1)
    other = world.place({})[0]
    wait_for_row(world, other, state="archived")
    assert row_of(world, other).ref.changed_us >= changed_us
    primary.wait_for_role("primary")


def _its_story_is_told(world, key):
    told = tandem(world, "item", "why", key).stdout
    assert "FAILED (parked" in told
    assert "not_media" in told
    assert "because" in told
    steps = [
        event["what"] for event in as_json(tandem(world, "item", "why", key, "--json"))[0]["story"]
    ]
    assert steps[0] == "found"
    assert steps.count("fetching") == 3
    assert steps[-1] == "parked"
    listed = as_json(tandem(world, "item", "list", "--state", "parked", "--json"))
    assert [item["item"] for item in listed["items"]] == [key]
