"""What a finding is about may have another instant at the source by now: it is neither lost sight of nor found twice."""

import pytest

from recorder.records.findings import What
from tests.recorder.recover.reconciling import DAY_S, Bench


@pytest.fixture
def bench():
    bench = Bench(retention_every_s=DAY_S)
    bench.archived("whole-1", -50)
    bench.archived("whole-2", -5)
    return bench


def test_a_file_that_is_missing_stays_missing_when_its_item_is_replaced(bench):
    bench.archived("rec", -50)
    bench.objects.objects.pop("dyn/med-rec")
    bench.reconcile()
    (before,) = bench.findings()
    bench.archived("rec", -5, version="v2")
    body = bench.objects.objects.pop("dyn/med-rec")
    bench.run(DAY_S)
    (after,) = bench.findings()
    assert after.is_open
    assert (after.finding_id, after.at_us) == (before.finding_id, bench.at(-5))
    bench.objects.objects["dyn/med-rec"] = body
    bench.run(DAY_S)
    (row,) = bench.findings()
    assert row.closed_because == "the archive has the file again"


def test_a_file_that_is_missing_stays_missing_while_a_new_version_is_fetched(bench):
    bench.archived("rec", -50)
    bench.objects.objects.pop("dyn/med-rec")
    bench.reconcile()
    bench.contact_db.record_found([bench.offer("rec", -5, "v2")], ())
    bench.run(DAY_S)
    assert What.OBJECT_MISSING in {row.what for row in bench.findings(is_open=True)}


def test_what_is_not_here_stays_so_where_the_source_has_it_now(bench):
    bench.contact_db.record_found([bench.offer("rec", -50)], ())
    bench.run(7200)
    bench.reconcile()
    (before,) = bench.findings()
    bench.contact_db.record_found([bench.offer("rec", -5)], ())
    bench.run(DAY_S)
    (after,) = bench.findings()
    assert after.is_open
    assert (after.finding_id, after.at_us) == (before.finding_id, bench.at(-5))
    bench.archived("rec", -5)
    bench.run(DAY_S)
    assert bench.open() == {}


def test_a_size_that_differs_does_so_at_another_instant_too(bench):
    bench.archived("rec", -50)
    bench.source.sizes["rec"] = 999
    bench.reconcile()
    (before,) = bench.findings()
    bench.archived("rec", -5, version="v2")
    bench.run(DAY_S)
    (after,) = bench.findings()
    assert after.is_open
    assert (after.finding_id, after.at_us) == (before.finding_id, bench.at(-5))
    bench.source.sizes.clear()
    bench.run(DAY_S)
    assert {row.closed_because for row in bench.findings()} == {"it agrees again"}


def test_what_was_replaced_twice_and_is_archived_then_is_over(bench):
    bench.archived("rec", -60)
    bench.offer("rec", -50, "v2")
    bench.reconcile()
    (before,) = bench.findings()
    assert before.is_of_version
    bench.offer("rec", -5, "v3")
    bench.run(DAY_S)
    (after,) = bench.findings()
    assert after.is_open
    assert (after.finding_id, after.at_us) == (before.finding_id, bench.at(-5))
    bench.archived("rec", -4, version="v4")
    bench.run(DAY_S)
    assert bench.open() == {}


def test_what_the_source_has_no_more_is_over_wherever_it_was(bench):
    bench.archived("rec", -60)
    bench.offer("rec", -50, "v2")
    bench.reconcile()
    del bench.source.items["rec"]
    bench.run(DAY_S)
    assert bench.open() == {}
    assert {row.what for row in bench.findings()} == {What.DIFFERS, What.NOT_AT_SOURCE}


def test_what_nobody_here_has_heard_of_is_one_finding_wherever_the_source_has_it(bench):
    bench.offer("rec", -50)
    bench.reconcile()
    (before,) = bench.findings()
    assert before.what is What.NOT_HERE
    bench.offer("rec", -5)
    bench.run(DAY_S)
    (after,) = bench.findings()
    assert after.is_open
    assert (after.finding_id, after.at_us) == (before.finding_id, bench.at(-5))


def test_what_moves_behind_the_end_of_a_run_is_still_the_same_finding(bench):
    bench.offer("rec", -50)
    bench.reconcile()
    (before,) = bench.findings()
    bench.offer("rec", 23.9)  # too young when the next run begins
    bench.run(DAY_S)
    assert [row.is_open for row in bench.findings()] == [True]
    bench.run(DAY_S)
    (after,) = bench.findings()
    assert after.is_open
    assert after.finding_id == before.finding_id


def test_what_the_source_never_lists_again_is_over_after_the_second_run(bench):
    bench.offer("rec", -50)
    bench.reconcile()
    bench.source.items.pop("rec")
    bench.run(DAY_S)
    (row,) = bench.findings()
    assert row.is_open
    bench.run(DAY_S)
    (row,) = bench.findings()
    assert row.closed_because == "the source no longer has it, and nothing of it is on record"
