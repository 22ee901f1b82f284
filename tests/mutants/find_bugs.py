"""Bugs of looking for what is missing, fetching it, and proving that nothing is."""

# ruff: noqa: ARG005 - a bug takes what the code it replaces takes

from __future__ import annotations

from copy import copy
from dataclasses import replace

from cluster.ports import Failed
from recorder.model import Page
from recorder.prove.listing import DayListing
from recorder.records.drops import Claimed
from recorder.recover import id_results, reconcile_jobs
from recorder.recover.drops import Absence
from recorder.recover.reconcile_section import Asking
from recorder.recover.recovery import Recovery
from sim.stand_ins.drop_folder import MemoryDropFolder
from sim.tables import findings as finding_tables
from tests.mutants import profiles
from tests.mutants.mutant import Mutant, Patch


def finding_per_run(patch: Patch) -> None:
    patch.everywhere(finding_tables, "_row_about", lambda _: lambda tables, sighting: None)


def half_run_is_whole(patch: Patch) -> None:
    def make(begin_run):
        def bug(tools, run, term):
            begun = begin_run(tools, run, term)
            return begun if begun.run_id == run.run_id else replace(begun, reached_us=begun.to_us)

        return bug

    patch.everywhere(reconcile_jobs, "begin_run", make)


def silence_agrees(patch: Patch) -> None:
    def make(told):
        def bug(self, answer):
            told(self, answer)
            self.unasked = set()

        return bug

    patch.around(Asking, "told", make)


def stray_at_first_sight(patch: Patch) -> None:
    def make(judge_strays):
        def bug(tools, source, suspects, now_us):
            findings = tools.findings
            told = replace(tools, findings=_Unread(findings))
            return judge_strays(told, source, suspects, now_us)

        return bug

    patch.everywhere(reconcile_jobs, "judge_strays", make)


class _Unread:
    """Findings that believe what was read a while ago."""

    def __init__(self, findings):
        self._findings = findings

    def objects_without_row(self, keys):
        return tuple(keys)

    def __getattr__(self, name):
        return getattr(self._findings, name)


def deletion_is_damage(patch: Patch) -> None:
    def make(held_media):
        def bug(self, source, item_keys):
            alone = copy(self)
            alone._contacts = copy(self._contacts)
            alone._contacts.deletions = {}
            return held_media(alone, source, item_keys)

        return bug

    patch.around(finding_tables.MemoryFindingsDb, "held_media", make)


def last_look(patch: Patch) -> None:
    def make(looked):
        def bug(self, outcome):
            if isinstance(outcome, Failed):
                self._again = False
            looked(self, outcome)

        return bug

    patch.around(Recovery, "_looked", make)


def claim_by_copy(patch: Patch) -> None:
    def bug(self, dropped):
        copied = self._drops.incoming.get((dropped.kind, dropped.name))
        if copied is None:
            return False
        self._step("claim")
        body, changed_us = copied
        claimed = Claimed(dropped.kind, dropped.name, "", changed_us)
        self._drops.taken[self._node, claimed] = body
        self._drops.incoming.pop((dropped.kind, dropped.name), None)
        return True

    patch.set(MemoryDropFolder, "claim", bug)


def result_before_end(patch: Patch) -> None:
    patch.everywhere(
        id_results, "is_over", lambda is_over: lambda row: row.is_listed or is_over(row)
    )


def left_for_ever(patch: Patch) -> None:
    patch.around(Absence, "left_behind", lambda _: lambda self, found, now_ns: ())


def certificate_of_one_page(patch: Patch) -> None:
    def make(took):
        def bug(self, answer):
            took(self, replace(answer, next_page=None) if isinstance(answer, Page) else answer)

        return bug

    patch.around(DayListing, "took", make)


BUGS = (
    Mutant(
        "finding_per_run",
        "each comparison opens a finding of its own for what it sees",
        "one thing is one finding for as long as it lasts",
        finding_per_run,
        profiles.COMPARED,
    ),
    Mutant(
        "half_run_is_whole",
        "a comparison that another node had begun counts as done",
        "how far a comparison is lies in the Data Center, and it goes on from there",
        half_run_is_whole,
        profiles.COMPARED,
    ),
    Mutant(
        "silence_agrees",
        "a difference is over when the source did not answer the question about it",
        "a finding is closed by an answer, never for want of one",
        silence_agrees,
        profiles.MISNAMED,
    ),
    Mutant(
        "stray_at_first_sight",
        "an object that no row names is told without a second look",
        "an object comes first and its row follows: what is on its way is no difference",
        stray_at_first_sight,
        profiles.STORED,
    ),
    Mutant(
        "deletion_is_damage",
        "a file that a policy is deleting is looked for in the archive",
        "what is deleted on purpose is not missing",
        deletion_is_damage,
        profiles.PURGED,
    ),
    Mutant(
        "last_look",
        "a look at the recoveries that failed late is not followed by another",
        "whatever fails is tried again, though nothing else happens",
        last_look,
        profiles.FETCHED,
    ),
    Mutant(
        "claim_by_copy",
        "a file with ids is taken by copying it and deleting it afterwards",
        "of two nodes only one can rename a file: whoever did has it alone",
        claim_by_copy,
        profiles.ID_FILES,
    ),
    Mutant(
        "result_before_end",
        "a file with ids is answered when all its ids were asked for, and not yet archived",
        "a result says what is on record in the end, and is written once",
        result_before_end,
        profiles.ID_FILES,
    ),
    Mutant(
        "left_for_ever",
        "what a node took and left behind when it died waits until it comes back",
        "a folder that two nodes share is worked off by the one that is left",
        left_for_ever,
        profiles.ID_FILES_LEFT,
    ),
    Mutant(
        "certificate_of_one_page",
        "a certificate lists the first page of the source alone",
        "a certificate counts all that the source has, or there is none",
        certificate_of_one_page,
        profiles.CALM,
    ),
)
