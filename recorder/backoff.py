"""Full-jitter back-off: how long to wait before the next try. Pure.

The wait is drawn evenly from zero to a bound that doubles with every try, so that many waiters spread out
instead of coming back together. What a source asks for by `Retry-After` is a lower bound on top.
"""

from __future__ import annotations

DOUBLINGS_MAX = 60


def bound_s(attempt: int, base_s: float, cap_s: float) -> float:
    """The longest wait after try number `attempt` (from 1), without what a source asks for."""
    assert attempt >= 1, "tries count from one"
    assert base_s > 0, "a back-off needs a base"
    return min(cap_s, base_s * 2.0 ** min(attempt - 1, DOUBLINGS_MAX))


def delay_s(
    attempt: int,
    *,
    base_s: float,
    cap_s: float,
    chance: float,
    retry_after_s: float | None = None,
) -> float:
    """Seconds to wait after try `attempt` (from 1) failed; `chance` is a number in [0, 1).

    With `retry_after_s` the wait is at least that long, plus a jitter of up to one base.
    """
    assert 0.0 <= chance <= 1.0, "chance is a number in [0, 1)"
    if retry_after_s is not None:
        return max(0.0, retry_after_s) + chance * min(base_s, cap_s)
    return chance * bound_s(attempt, base_s, cap_s)
