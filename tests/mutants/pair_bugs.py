"""Bugs of the pair: roles, lease, terms, the failure detector."""

# ruff: noqa: ARG005 - a bug takes what the code it replaces takes

from __future__ import annotations

from dataclasses import replace

from cluster import role as role_module
from cluster.links.beats import Beats
from cluster.messages import PeerGone
from cluster.pair import Pair
from cluster.roles import candidate as role_candidate
from cluster.roles import hand_over as role_hand_over
from cluster.roles import learn as role_learn
from cluster.roles import settle as role_settle
from cluster.roles import waiting as role_waiting
from cluster.roles.detector import FailureDetector
from cluster.roles.io import MailboxDrained, SaveState
from cluster.roles.lease_belief import LeaseBelief
from cluster.roles.memory import Candidacy, Memory, Way
from tests.mutants import profiles
from tests.mutants.mutant import Mutant, Patch


def lease_from_reply(patch: Patch) -> None:
    def make(answered):
        def bug(self, answer, now_ns):
            answered(self, replace(answer, sent_ns=now_ns), now_ns)

        return bug

    patch.around(LeaseBelief, "answered", make)


def belief_outlives_lease(patch: Patch) -> None:
    def make(init):
        def bug(self, *, settings):
            init(self, settings=settings)
            self._believed_ns *= 2

        return bug

    patch.around(LeaseBelief, "__init__", make)


def term_not_persisted(patch: Patch) -> None:
    def make(submit):
        def bug(self, effect):
            if isinstance(effect, SaveState):
                store, self._store = self._store, _Forgetful()
                submit(self, effect)
                self._store = store
            else:
                submit(self, effect)

        return bug

    patch.around(Pair, "_submit", make)


class _Forgetful:
    def save(self, state):
        del state


def judged_before_drained(patch: Patch) -> None:
    def make(change_of_verdict):
        def bug(m, event, now_ns):
            del event
            return change_of_verdict(m, MailboxDrained(), now_ns)

        return bug

    patch.around(role_module, "change_of_verdict", make)
    patch.around(FailureDetector, "on_pause", lambda _: lambda self, now_ns: None)


def wall_clock_in_detector(patch: Patch) -> None:
    clocks: dict[int, object] = {}

    def make_init(init):
        def bug(self, **ports):
            init(self, **ports)
            clocks[id(self._machine.memory.detector)] = ports["clock"]

        return bug

    def make_instant(method):
        def bug(self, instant_ns):
            clock = clocks.get(id(self))
            if clock is None:
                return method(self, instant_ns)
            return method(self, instant_ns - clock.monotonic_ns() + clock.wall_us() * 1000)

        return bug

    patch.around(Pair, "__init__", make_init)
    for name in ("on_link_up", "on_beat", "on_pause", "verdict"):
        patch.around(FailureDetector, name, make_instant)


def takeover_without_lease(patch: Patch) -> None:
    def make(replace_peer):
        def bug(m, reason, now_ns, *, early):
            if early or not m.knows_the_past():
                replace_peer(m, reason, now_ns, early=early)
            else:
                candidacy = Candidacy(Way.ALONE, reason, last_sign_ns=m.last_sign_ns)
                role_waiting.run_for(m, candidacy, now_ns)

        return bug

    patch.around(role_waiting, "_replace", make)


def break_is_death(patch: Patch) -> None:
    def make(learn_of_the_peer):
        def bug(m, event, now_ns):
            learn_of_the_peer(m, event, now_ns)
            if isinstance(event, PeerGone):
                role_learn._evidence(m)

        return bug

    patch.around(role_learn, "_learn_of_the_peer", make)


def evidence_ignored(patch: Patch) -> None:
    patch.around(role_learn, "_evidence", lambda _: lambda m: m.detector.on_link_down())


def old_process_counts(patch: Patch) -> None:
    patch.around(Beats, "forget_peer", lambda _: lambda self: None)


def primaries_never_meet(patch: Patch) -> None:
    patch.around(Memory, "peer_outranks", lambda _: lambda self: False)


def duty_not_withdrawn(patch: Patch) -> None:
    def make(end_duty):
        def bug(m, hand_over, now_ns):
            m.duty_until_ns = None
            end_duty(m, hand_over, now_ns)

        return bug

    patch.around(role_hand_over, "_end_duty", make)


def duty_without_lease(patch: Patch) -> None:
    def make(grant):
        def bug(m, now_ns):
            sees, LeaseBelief.sees_witness = LeaseBelief.sees_witness, lambda self, now_ns: False
            try:
                grant(m, now_ns)
            finally:
                LeaseBelief.sees_witness = sees

        return bug

    patch.around(role_settle, "_grant", make)


def terms_without_digit(patch: Patch) -> None:
    def bug(seen, *, node, peer):
        del node, peer
        return seen + 1

    patch.set(role_candidate, "next_unwitnessed", bug)
    patch.set(role_hand_over, "next_unwitnessed", bug)


BUGS = (
    Mutant(
        "lease_from_reply",
        "the lease is believed from the reply on, not from the request",
        "the belief must end before anybody else can be granted",
        lease_from_reply,
        profiles.SLOW_WITNESS,
    ),
    Mutant(
        "belief_outlives_lease",
        "the lease is believed for longer than it lasts",
        "the holder must stop before the other may start",
        belief_outlives_lease,
        profiles.STOPS,
    ),
    Mutant(
        "term_not_persisted",
        "the node state is reported saved and never written",
        "a term is durable before anybody acts in it",
        term_not_persisted,
        profiles.ALONE,
    ),
    Mutant(
        "judged_before_drained",
        "silence is judged before the mailbox was read, own pauses included",
        "after a pause the peer's beats may be waiting unread",
        judged_before_drained,
        profiles.IMPATIENT,
    ),
    Mutant(
        "wall_clock_in_detector",
        "the failure detector measures silence by the calendar",
        "calendars jump; only monotonic time measures silence",
        wall_clock_in_detector,
        profiles.CLOCKS,
    ),
    Mutant(
        "takeover_without_lease",
        "a silent peer is replaced without asking the lease row",
        "a link that is cut looks like a peer that died; the row tells them apart",
        takeover_without_lease,
        profiles.CUTS,
    ),
    Mutant(
        "break_is_death",
        "a broken link counts as evidence that the peer's process died",
        "only a refused reconnect, a goodbye or a new boot is evidence",
        break_is_death,
        profiles.CUTS,
    ),
    Mutant(
        "evidence_ignored",
        "refused reconnects are no evidence",
        "a dead process is replaced in two seconds, not in eight",
        evidence_ignored,
        profiles.DEATHS,
    ),
    Mutant(
        "old_process_counts",
        "beats of a peer that was started again are counted on from those of its process before",
        "what was heard of a process is forgotten with it",
        old_process_counts,
        profiles.DEATHS,
    ),
    Mutant(
        "primaries_never_meet",
        "two primaries that hear each other both go on",
        "the lower-ranked one steps down at once",
        primaries_never_meet,
        profiles.ALONE,
    ),
    Mutant(
        "duty_not_withdrawn",
        "a role is handed over while its duty goes on",
        "to end a reign the work stops first, then the witness changes hands",
        duty_not_withdrawn,
        profiles.HAND_OVERS,
    ),
    Mutant(
        "duty_without_lease",
        "without a lease the duty goes on although the witness can be asked",
        "unleased duty is for the time when nobody can ask",
        duty_without_lease,
        profiles.STOPS,
    ),
    Mutant(
        "terms_without_digit",
        "a term taken alone is simply the next number",
        "two nodes that are cut off must never count to the same term",
        terms_without_digit,
        profiles.PARTED,
    ),
)
