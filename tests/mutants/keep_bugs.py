"""Bugs of retention: what deletes although it must not."""

# ruff: noqa: ARG005 - a bug takes what the code it replaces takes

from __future__ import annotations

from dataclasses import replace

from recorder.keep import surveys
from recorder.records.retention import Verdict
from sim.tables import retention as retention_tables
from tests.mutants import profiles
from tests.mutants.mutant import Mutant, Patch


def hold_not_asked_again(patch: Patch) -> None:
    def make(stepped):
        def bug(old, facts, judged, stamp, *, begins):
            if judged is not None and judged.verdict is Verdict.HELD:
                judged = replace(judged, verdict=Verdict.DUE)
            return stepped(old, facts, judged, stamp, begins=begins)

        return bug

    patch.everywhere(surveys, "stepped", make)


def deletion_unfenced(patch: Patch) -> None:
    patch.around(retention_tables.MemoryRetentionDb, "_fence", lambda _: lambda *asked: None)


BUGS = (
    Mutant(
        "hold_not_asked_again",
        "holds are looked at when a deletion is decided, and not again when it is carried out",
        "a hold that is placed in the recycle period, or during a deletion, wins",
        hold_not_asked_again,
        profiles.HOLDS,
    ),
    Mutant(
        "deletion_unfenced",
        "the Data Center takes steps of a deletion from a stale term",
        "a node that was stopped deletes nothing when it wakes up deposed",
        deletion_unfenced,
        profiles.DELETIONS,
    ),
)
