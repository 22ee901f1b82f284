"""What the tests of recoveries on record ask for and look at."""

from collections import Counter

from recorder.model import Window
from recorder.records.recoveries import (
    Cause,
    ListedSection,
    RecoveryItem,
    RecoveryItemQuery,
    RecoveryKind,
    RecoveryRow,
    Stage,
)
from tests.calls import START_US, a_ref

HOUR_US = 3600 * 1_000_000
PERIOD = Window(START_US, START_US + 10 * HOUR_US)


def a_request(recovery_id="R-1", **more):
    facts = {
        "source": "dyn",
        "kind": RecoveryKind.MANUAL,
        "cause": Cause.OPERATOR,
        "requested_us": START_US,
        "requested_by": "ada",
        "window": PERIOD,
        "updated_us": START_US,
    }
    return RecoveryRow(recovery_id, **{**facts, **more})


def missed(key, age=0, **more):
    return RecoveryItem(a_ref(key, changed_us=START_US + age), **more)


def section(*items, begin=PERIOD.from_us, to=PERIOD.to_us, here=0, ends=0, **more):
    return ListedSection("R-1", begin, to, here, ends, tuple(items), 1, **more)


def stages(db, recovery_id="R-1"):
    found = db.recovery_items(RecoveryItemQuery(recovery_id)).items
    return {item.ref.key: item.stage for item in found}


def agree(db, recovery_id="R-1"):
    """Counts and items say the same, and they add up."""
    row = db.recovery(recovery_id)
    found = Counter(stages(db, recovery_id).values())
    counts = row.counts
    assert counts.add_up
    assert counts.pending == found[Stage.PENDING] + found[Stage.GIVEN]
    for stage in (Stage.RECOVERED, Stage.GONE, Stage.FAILED):
        assert getattr(counts, stage.value) == found[stage]
    assert counts.already_here >= found[Stage.ALREADY_HERE]
    assert counts.not_recordable >= found[Stage.NOT_RECORDABLE]
    return row
