"""Bugs of polling: watermark, windows, what counts as new, when to ask again."""

# ruff: noqa: ARG005 - a bug takes what the code it replaces takes

from __future__ import annotations

from dataclasses import replace

from cluster.frames import Mark
from recorder.adapters.dynamics import source
from recorder.adapters.dynamics.odata import instant_literal
from recorder.adapters.http.patience import Patience
from recorder.errors import Unreachable
from recorder.model import ItemState
from recorder.poll import ledger, lister, off_record
from recorder.poll.items import Items
from recorder.poll.ledger import Passed, Record
from recorder.poll.lister import Lister
from recorder.poll.parked import Parked
from recorder.poll.poll_jobs import record_found
from recorder.poll.poll_run import PollRun
from recorder.poll.schedule import Schedule
from recorder.poll.watermark import Watermark
from recorder.poll.window import LookBacks
from sim.tables import data_center
from tests.mutants import profiles
from tests.mutants.mutant import Mutant, Patch


def newest_finished(patch: Patch) -> None:
    def make(final):
        def bug(self, key):
            at_us = self._pending.get(key, 0)
            final(self, key)
            if at_us > self._mark.at_us:
                self._mark = Mark(self._mark.epoch, at_us)

        return bug

    patch.around(Watermark, "final", make)


def open_lower_bound(patch: Patch) -> None:
    def make(listing):
        def bug(self, window):
            closed = "ge%20" + instant_literal(window.from_us, up=False)
            opened = "gt%20" + instant_literal(window.from_us, up=True)
            return listing(self, window).replace(closed, opened)

        return bug

    patch.around(source.DynamicsSource, "_listing", make)


def overlap_of_zero(patch: Patch) -> None:
    def make(poll_windows):
        def bug(**asked):
            return poll_windows(**{**asked, "overlap_us": 0})

        return bug

    patch.around(lister, "poll_windows", make)


def no_look_back(patch: Patch) -> None:
    patch.around(LookBacks, "next", lambda _: lambda self, **asked: None)


def window_before_items(patch: Patch) -> None:
    def make(found_recorded):
        def bug(self, message, now_ns):
            run = self._run
            if run is not None and message.run == self._number and not run.looks_back:
                self._keeper.watermark.scanned(run.window.from_us, run.window.to_us)
            return found_recorded(self, message, now_ns)

        return bug

    patch.around(Lister, "found_recorded", make)


def failed_window_counts(patch: Patch) -> None:
    def make(failed):
        def bug(self, error):
            run = self._run
            if run is not None and run.window is not None and not run.looks_back:
                self._keeper.watermark.scanned(run.window.from_us, run.window.to_us)
            return failed(self, error)

        return bug

    patch.around(Lister, "_failed", make)


def dedupe_by_timestamp(patch: Patch) -> None:
    def make(items_of):
        def bug(*asked):
            return tuple({ref.changed_us: ref for ref in items_of(*asked)}.values())

        return bug

    patch.around(source, "items_of", make)


def version_ignored(patch: Patch) -> None:
    def make(is_known):
        def bug(self, ref):
            start = f"{ref.source}/{ref.key}@"
            return is_known(self, ref) or any(key.startswith(start) for key in self._recent)

        return bug

    patch.around(Items, "is_known", make)


def page_token_kept(patch: Patch) -> None:
    kept: list[str] = []

    def make_end(end):
        def bug(self, how):
            run = self._run
            if run is not None and run.page is not None and not run.looks_back:
                kept[:] = [run.page]
            return end(self, how)

        return bug

    def make_init(init):
        def bug(self, **asked):
            init(self, **asked)
            if kept:
                self._page = kept.pop()

        return bug

    patch.around(Lister, "_end", make_end)
    patch.around(PollRun, "__init__", make_init)


def parked_forgotten(patch: Patch) -> None:
    patch.around(Parked, "loaded", lambda _: lambda self, message: None)


def end_before_record(patch: Patch) -> None:
    def make(broken):
        def bug(item, event, settings):
            item, decisions = broken(item, event, settings)
            if item.ending in {ItemState.GONE, ItemState.NOT_RECORDABLE} and any(
                isinstance(one, Record) for one in decisions
            ):
                return replace(item, state=item.ending, ending=None), (*decisions, Passed())
            return item, decisions

        return bug

    for state, event in [*ledger._TABLE]:
        if event is ledger.Broken:
            patch.item(ledger._TABLE, (state, event), make)


def retry_after_ignored(patch: Patch) -> None:
    def make(failed):
        def bug(self, error, chance, now_ns):
            return failed(self, Unreachable(str(error)), chance, now_ns)

        return bug

    patch.around(Patience, "_heed", lambda _: lambda self, now_ns: None)
    patch.around(Schedule, "failed", make)


def duty_never_ends(patch: Patch) -> None:
    def make(init):
        def bug(self, **ports):
            init(self, **ports)
            kind = type(self)
            self.__class__ = type(kind.__name__, (kind,), {"until_ns": property(_for_ever, _deaf)})

        return bug

    patch.around(Lister, "__init__", make)


def _for_ever(self):
    del self
    return 1 << 62


def _deaf(self, until_ns):
    del self, until_ns


def stale_term_accepted(patch: Patch) -> None:
    patch.set(data_center, "refuse_stale", lambda what, term, seen: None)


def told_late_as_now(patch: Patch) -> None:
    patch.set(off_record, "record_seen", record_found)


def last_mark_wins(patch: Patch) -> None:
    def make(heard):
        def bug(self, mark):
            if mark.epoch == self._mark.epoch and mark < self._mark:
                self._mark = mark
                return True
            return heard(self, mark)

        return bug

    patch.around(Watermark, "heard", make)
    patch.set(data_center, "merge_progress", lambda one, other: other)


BUGS = (
    Mutant(
        "newest_finished",
        "the watermark moves to the newest completed item",
        "items finish out of order; only a contiguous prefix may count",
        newest_finished,
    ),
    Mutant(
        "open_lower_bound",
        "a window begins after its lower bound instead of at it",
        "items share instants: those at the watermark may not all be archived",
        open_lower_bound,
        profiles.NO_OVERLAP,
    ),
    Mutant(
        "overlap_of_zero",
        "a poll asks only for what is new since the one before",
        "a service shows rows late: the overlap of every poll finds them",
        overlap_of_zero,
        profiles.NO_TIERS,
    ),
    Mutant(
        "no_look_back",
        "the look-back tiers never run",
        "what comes later than the overlap is found by looking back",
        no_look_back,
        profiles.SHORT_OVERLAP,
    ),
    Mutant(
        "window_before_items",
        "a window counts as read before its items are noted as pending",
        "first the items hold the watermark, then the horizon passes them",
        window_before_items,
    ),
    Mutant(
        "failed_window_counts",
        "a window whose listing failed counts as read",
        "the horizon passes an instant only after every page of its window",
        failed_window_counts,
        profiles.LISTS_FAIL,
    ),
    Mutant(
        "dedupe_by_timestamp",
        "of rows with the same stamp only one is taken",
        "items are told apart by key and version, never by instant",
        dedupe_by_timestamp,
    ),
    Mutant(
        "version_ignored",
        "a row that was archived is not new, whatever file it has now",
        "a replaced file is a new version of the item, and archived too",
        version_ignored,
    ),
    Mutant(
        "page_token_kept",
        "the next poll, of either node, goes on at the page where the last one stopped",
        "page tokens die with the poll: a window is read from its first page",
        page_token_kept,
        profiles.SMALL_PAGES,
    ),
    Mutant(
        "parked_forgotten",
        "a parked item is never tried again",
        "parking lets the watermark pass, it is no end",
        parked_forgotten,
        profiles.PARKING,
    ),
    Mutant(
        "end_before_record",
        "an item without media is over before the Data Center has its reason",
        "an end counts when it is on record, not when it is decided",
        end_before_record,
        profiles.ENDS,
    ),
    Mutant(
        "retry_after_ignored",
        "the service asks for patience and is asked again at once",
        "requests inside `Retry-After` make throttling worse for everybody",
        retry_after_ignored,
        profiles.THROTTLED,
    ),
    Mutant(
        "duty_never_ends",
        "the poller does not look at the instant until which it may poll",
        "a process that was stopped wakes on a belief that has ended",
        duty_never_ends,
        profiles.STOPS,
    ),
    Mutant(
        "stale_term_accepted",
        "progress and outcomes of a node that is no longer primary are written",
        "control writes are fenced by the term in the lease row",
        stale_term_accepted,
        profiles.FENCED,
    ),
    Mutant(
        "told_late_as_now",
        "what was listed in an outage is put on record after it as if it were listed then",
        "of two versions with one instant of change the one listed later came later, whoever tells first",
        told_late_as_now,
        profiles.REPLACED_MEANWHILE,
    ),
    Mutant(
        "last_mark_wins",
        "of two watermarks the one heard last is kept, not the higher one",
        "marks arrive late, twice and out of order: they are merged by maximum",
        last_mark_wins,
    ),
)
