"""Whether a legal hold covers a contact. Pure. In doubt it does."""

from __future__ import annotations

from collections.abc import Iterable

from recorder.model import Window
from recorder.records.retention import Facts, Hold, Scope


def covering(facts: Facts, holds: Iterable[Hold]) -> Hold | None:
    """The first hold, by id, that is not released and covers the contact; None when none does."""
    found = [one for one in holds if one.released_us is None and covers(one.scope, facts)]
    return min(found, key=lambda one: one.hold_id, default=None)


def covers(scope: Scope, facts: Facts) -> bool:
    """All that the scope says is so; an empty scope covers nothing."""
    return (
        not scope.is_empty
        and scope.contact_id in {"", facts.contact_id, facts.session_key}
        and scope.source in {"", facts.source}
        and (not scope.text or _mentions(facts, scope.text))
        and (scope.window is None or _touches(facts, scope.window))
    )


def _mentions(facts: Facts, text: str) -> bool:
    folded = text.casefold()
    texts = (facts.contact_id, facts.session_key, *facts.texts)
    return any(one.startswith(text) for one in texts) or any(
        one.startswith(folded) for one in facts.names
    )


def _touches(facts: Facts, window: Window) -> bool:
    """Whether any instant of the contact lies in the window; one without instants might."""
    known = [at_us for at_us in (facts.started_us, facts.ended_us) if at_us is not None]
    if not known:
        return True
    return min(known) < window.to_us and max(known) >= window.from_us
