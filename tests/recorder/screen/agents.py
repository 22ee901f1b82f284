"""Events of one agent, in seconds, for tests of legs and of the RIS."""

from recorder.scn.model import AgentEvent, AgentEventKind
from recorder.screen.legs import Limits, fold

S = 1_000_000
START = 1_700_000_000 * S
LIMITS = Limits.of(ringing_s=180, talking_s=14_400, wrap_up_s=900)
K = AgentEventKind


def event(kind, at_s, call="call-1", *, agent="ann", source="calls", number=None, heard_s=None):
    """An event of an agent so many seconds after the start; its id tells what it says."""
    event_id = f"{agent}.{call}.{kind.value}.{at_s if number is None else number}"
    heard_us = START + int((at_s if heard_s is None else heard_s) * S)
    return AgentEvent(source, event_id, agent, call, kind, START + int(at_s * S), heard_us, "alpha")


def story(*steps, call="call-1", agent="ann"):
    """Events of one call from (second, kind) pairs."""
    return [event(kind, at_s, call, agent=agent) for at_s, kind in steps]


def legs(events, now_s=10_000):
    """What becomes of them, in seconds: (call, from, to, verdict, ended by)."""
    return [
        (leg.call, *seconds(leg.span), leg.verdict.value, leg.ended_by)
        for leg in fold(events, LIMITS, START + int(now_s * S)).legs
    ]


def seconds(span):
    """A span in seconds after the start."""
    to_s = None if span.to_us is None else (span.to_us - START) / S
    return ((span.from_us - START) / S, to_s)


def masks(events, now_s=10_000):
    """The masked spans of each leg, in seconds."""
    folded = fold(events, LIMITS, START + int(now_s * S))
    return [[seconds(span) for span in leg.masks] for leg in folded.legs]
