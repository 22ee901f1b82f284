"""What this node may believe about the lease, and when to ask the witness next. Pure.

Invariant: while `holds(term)` is true, the row at the witness names this node, in this term, and has
not ended. A granted call is believed for `lease_believed_s` from the instant *before* it was sent,
which is shorter than the lease, so the belief ends before anybody else can be granted.

After a pause of this process the belief is distrusted until a call sent after the pause is answered.
"""

from __future__ import annotations

from cluster.messages import LeaseAnswered
from cluster.ports import LeaseView
from cluster.settings import PairSettings

_NS = 1_000_000_000
_FAILURES_TO_LOSE_SIGHT = 2


class LeaseBelief:
    """The last answers of the witness, and the call under way (never more than one)."""

    def __init__(self, *, settings: PairSettings) -> None:
        self._believed_ns = round(settings.lease_believed_s * _NS)
        self._pace_ns = round(settings.lease_renew_s * _NS)
        self._hurry_ns = self._pace_ns // 3
        self._asked_ns: int | None = None
        self._busy = ""
        self._answered_ns: int | None = None
        self._failures = 0
        self._doubt_from_ns: int | None = None
        self._until_ns = 0
        self._term = 0
        self._view: LeaseView | None = None
        self._ends_ns = 0

    @property
    def busy(self) -> str:
        """The kind of call under way; empty for none."""
        return self._busy

    @property
    def view(self) -> LeaseView | None:
        """The newest answer; None before the first."""
        return self._view

    @property
    def ends_ns(self) -> int:
        """The lease in the row has ended by this instant, unless it was renewed since."""
        return self._ends_ns

    def peer_age_s(self, now_ns: int) -> float | None:
        """Seconds since the peer wrote its row, as far as known here; None when it never did."""
        if self._view is None or self._view.peer_age_s is None or self._answered_ns is None:
            return None
        return self._view.peer_age_s + (now_ns - self._answered_ns) / _NS

    def sending(self, call: str, now_ns: int) -> None:
        """A call is about to be sent."""
        assert not self._busy, f"{call} while {self._busy} is under way"
        self._busy = call
        self._asked_ns = now_ns

    def answered(self, answer: LeaseAnswered, now_ns: int) -> None:
        """A call ended; `view` None means that its outcome is unknown."""
        assert answer.call == self._busy, (
            f"answer to {answer.call}, asked {self._busy or 'nothing'}"
        )
        self._busy = ""
        view = answer.view
        if view is None:
            self._failures += 1
            if answer.call in ("transfer", "release"):
                self._until_ns = 0
            if self._is_after_pause(answer.sent_ns):
                self._doubt_from_ns = None
            return
        self._failures = 0
        self._answered_ns = now_ns
        self._view = view
        self._ends_ns = now_ns + max(0, round(view.expires_in_s * _NS))
        if answer.call in ("acquire", "renew") and view.granted:
            self._term = view.term
            self._until_ns = answer.sent_ns + self._believed_ns
        elif answer.call != "look" or not view.granted or view.term != self._term:
            self._until_ns = 0
        if self._is_after_pause(answer.sent_ns):
            self._doubt_from_ns = None

    def on_pause(self, now_ns: int) -> None:
        """This process slept too long: distrust what was believed until it is read again."""
        self._doubt_from_ns = now_ns

    def drop(self) -> None:
        """Believe nothing more, whatever the row says: this node stopped acting."""
        self._until_ns = 0

    def until_ns(self, term: int) -> int:
        """Until when the lease is believed to be ours in `term`; 0 when it is not."""
        if self._doubt_from_ns is not None or term != self._term:
            return 0
        return self._until_ns

    def holds(self, term: int, now_ns: int) -> bool:
        """True while the lease is believed to be ours in `term`."""
        return now_ns < self.until_ns(term)

    def names(self, node: str, now_ns: int) -> bool:
        """True when the newest answer named `node` and that lease may not have ended."""
        return self._view is not None and self._view.holder == node and now_ns < self._ends_ns

    def sees_witness(self, now_ns: int) -> bool | None:
        """Whether the witness answers; None while that is not known (start, own pause)."""
        # While this process was stopped nobody could hear an answer: that time does not count.
        waits_from_ns = max(self._asked_ns or 0, self._doubt_from_ns or 0)
        asked_long_ago = self._busy and now_ns - waits_from_ns > self._believed_ns
        if self._failures >= _FAILURES_TO_LOSE_SIGHT or asked_long_ago:
            return False
        if self._doubt_from_ns is not None or self._answered_ns is None:
            return None
        return not (self._failures and now_ns - self._answered_ns > self._believed_ns)

    def is_due(self, now_ns: int, *, hurry: bool) -> bool:
        """Whether to ask the witness now; `hurry` asks three times as often."""
        if self._busy:
            return False
        if self._asked_ns is None or self._is_doubt_unread():
            return True
        return now_ns - self._asked_ns >= (
            self._hurry_ns if hurry or self._failures else self._pace_ns
        )

    def _is_doubt_unread(self) -> bool:
        return (
            self._doubt_from_ns is not None
            and self._asked_ns is not None
            and self._asked_ns < self._doubt_from_ns
        )

    def _is_after_pause(self, sent_ns: int) -> bool:
        return self._doubt_from_ns is not None and sent_ns >= self._doubt_from_ns
