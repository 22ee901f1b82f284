"""Bugs of the recording of screens: what follows an agent wrongly, keeps too little or too much."""

# ruff: noqa: ARG005 - a bug takes what the code it replaces takes

from __future__ import annotations

from dataclasses import replace

from recorder.assembly import screens as screen_assembly
from recorder.desktop import spool_rules
from recorder.scn import verdicts
from recorder.scn.messages import PacketsKept, StopScreen
from recorder.scn.model import AgentEventKind
from recorder.screen import at_hand, legs, parts, reception, ris, streams
from recorder.screen.desktops import wish_of
from recorder.screen.table import TABLE, Response
from tests.mutants import profiles
from tests.mutants.mutant import Mutant, Patch


def not_responding_ignored(patch: Patch) -> None:
    ends = Response(ends="not_responding")
    patch.set(legs, "TABLE", {**TABLE, AgentEventKind.NOT_RESPONDING: ends})


def newest_leg_decides(patch: Patch) -> None:
    def make(fate):
        def bug(from_us, to_us, known):
            touching = [
                leg
                for leg in known
                if leg.span.from_us <= to_us
                and (leg.span.to_us is None or leg.span.to_us >= from_us)
            ]
            return fate(from_us, to_us, touching[-1:])

        return bug

    patch.everywhere(verdicts, "fate", make)


def event_known_by_its_time(patch: Patch) -> None:
    def make(add):
        def bug(self, event):
            known = any(one.at_us == event.at_us for one in self.of(event.agent_key))
            return not known and add(self, event)

        return bug

    patch.around(at_hand.AtHand, "add", make)


def mask_not_cut_out(patch: Patch) -> None:
    patch.everywhere(parts, "new_masks", lambda _: lambda part, known: ())


def mask_over_is_forgotten(patch: Patch) -> None:
    def make(masks_of):
        def bug(known):
            return tuple(span for span in masks_of(known) if span.to_us is None)

        return bug

    patch.everywhere(verdicts, "masks_of", make)


def resumed_at_the_newest(patch: Patch) -> None:
    def make(resume_at):
        def bug(groups, kept, next_seq):
            return groups[-1].first if groups else resume_at(groups, kept, next_seq)

        return bug

    patch.everywhere(spool_rules, "resume_at", make)


def unknown_is_stopped(patch: Patch) -> None:
    def make(wish):
        def bug(known, streaming_since_us):
            found = wish(known, streaming_since_us)
            return replace(found, record=bool(found.record))

        return bug

    patch.everywhere(verdicts, "wish", make)


def undecided_not_waited_for(patch: Patch) -> None:
    patch.around(screen_assembly, "reconciled_until_us", lambda _: lambda *asked: 1 << 62)


def frames_kept_before_written(patch: Patch) -> None:
    def make(packets):
        def bug(self, desktop, name, came, now):
            self.doors.say(desktop.connection, PacketsKept(name, came.packets[-1].seq))
            packets(self, desktop, name, came, now)

        return bug

    patch.around(reception.Reception, "_packets", make)


def events_not_shared(patch: Patch) -> None:
    patch.around(ris.Ris, "_share", lambda _: lambda self, body: None)


def mask_forgotten_on_reconnect(patch: Patch) -> None:
    def make(direct):
        def bug(self, desktop, now):
            if desktop.told_masked is None:
                known = wish_of(desktop, self.desktops, self.legs, 0)
                desktop.told_masked = known.masked
            direct(self, desktop, now)

        return bug

    patch.around(reception.Reception, "_direct", make)


def refusal_for_the_peer(patch: Patch) -> None:
    def make(heard):
        def bug(self, events, *, from_peer):
            if from_peer:
                heard(self, events, from_peer=True)
                return
            refusals = [one for one in events if one.kind is AgentEventKind.NOT_RESPONDING]
            for body in ris.bodies([replace(one, heard_by=self._node) for one in refusals]):
                self._share(body)
            heard(self, [one for one in events if one not in refusals], from_peer=False)

        return bug

    patch.around(ris.Ris, "_heard", make)


def not_resumed(patch: Patch) -> None:
    def make(hello):
        def bug(self, connection, said, computer, now):
            hello(self, connection, said, computer, now)
            desktop = self.desktops.get(connection)
            if desktop is not None and said.streaming is not None:
                self.doors.say(connection, StopScreen())
                desktop.told_record, desktop.told_ns = True, now.ns + 3600 * 10**9

        return bug

    patch.around(reception.Reception, "_hello", make)


def masked_frames_written(patch: Patch) -> None:
    patch.set(streams, "is_masked", lambda *asked: False)


BUGS = (
    Mutant(
        "not_responding_ignored",
        "a call that was not answered ends, and its screen is not deleted",
        "what nobody answered is nobody's to see",
        not_responding_ignored,
        profiles.SCREENS,
    ),
    Mutant(
        "newest_leg_decides",
        "of several calls at once the newest alone decides about a screen",
        "a screen that any answered call needs is kept",
        newest_leg_decides,
        profiles.SCREENS,
    ),
    Mutant(
        "event_known_by_its_time",
        "two events of one agent at one instant count as one",
        "an event is told by its id",
        event_known_by_its_time,
        profiles.SCREENS,
    ),
    Mutant(
        "mask_not_cut_out",
        "a mask that is heard late changes no file",
        "what was written before a mask was heard is written anew without it",
        mask_not_cut_out,
        profiles.SCREENS_MASKED,
    ),
    Mutant(
        "mask_over_is_forgotten",
        "a mask counts only while it lasts",
        "frames and events come late: a mask holds for its span, whenever they come",
        mask_over_is_forgotten,
        profiles.SCREENS_MASKED,
    ),
    Mutant(
        "resumed_at_the_newest",
        "after an outage a desktop goes on at its newest key frame",
        "what no node has is sent first",
        resumed_at_the_newest,
        profiles.SCREENS_APART,
    ),
    Mutant(
        "unknown_is_stopped",
        "a node that knows no call of an agent stops the desktop",
        "not knowing is no order to stop: a node that was just started lets go on",
        unknown_is_stopped,
        profiles.SCREENS_UNKNOWN,
    ),
    Mutant(
        "undecided_not_waited_for",
        "what nobody decided about goes although its period was not reconciled",
        "a call that is found later still gets its screen",
        undecided_not_waited_for,
        profiles.SCREENS_UNDECIDED,
    ),
    Mutant(
        "frames_kept_before_written",
        "a desktop is told that frames are kept before they are in a file",
        "what a desktop forgets is on a disk",
        frames_kept_before_written,
        profiles.SCREENS_APART,
    ),
    Mutant(
        "events_not_shared",
        "a node keeps to itself what it heard of agents",
        "a message that reaches one node acts on both",
        events_not_shared,
        profiles.SCREENS,
    ),
    Mutant(
        "mask_forgotten_on_reconnect",
        "a desktop that connects is taken to know already whether it is to look away",
        "what changed while a desktop was away is told when it comes back",
        mask_forgotten_on_reconnect,
        profiles.SCREENS_RECONNECT,
    ),
    Mutant(
        "refusal_for_the_peer",
        "the node that hears of a call that was not answered tells the other one, and deletes nothing itself",
        "an event acts on every node in the same way, whoever heard it",
        refusal_for_the_peer,
        profiles.SCREENS,
    ),
    Mutant(
        "not_resumed",
        "a desktop whose node died is stopped by the other one",
        "a stream goes on over the death of its node",
        not_resumed,
        profiles.SCREENS,
    ),
    Mutant(
        "masked_frames_written",
        "frames of a masked span that come later than its mask are written",
        "a frame is judged by its instant, not by when it comes",
        masked_frames_written,
        profiles.SCREENS_RECONNECT,
    ),
)
