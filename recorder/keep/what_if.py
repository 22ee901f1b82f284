"""The rules of a question: what would go if everything, or one source, were kept so many days. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from recorder.records.retention import DAY_US, Match, Policy, Rules

NAME: Final = "what-if"
"""Of the policy that is asked about."""


def undercuts(rules: Rules, keep_us: int) -> bool:
    """Whether nobody may keep anything so short."""
    return keep_us < rules.legal_minimum_us


def what_if(rules: Rules, keep_us: int, source: str) -> Rules:
    """A policy of `keep_us` in place of all those about everything or whole sources; empty `source`: all of them.

    Policies about channels, directions or attributes stay: what is about a part of the contacts keeps them as
    long as before. With a source nothing else is asked about.
    """
    sources = (source,) if source else ()
    asked = Policy(NAME, Match(sources), keep_us)
    special = [
        one
        for one in rules.policies
        if (one.match.channels or one.match.directions or one.match.attributes)
        and (not source or not one.match.sources or source in one.match.sources)
    ]
    if source:
        special = [replace(one, match=replace(one.match, sources=sources)) for one in special]
    return replace(rules, policies=(asked, *special))


def days(of_us: int) -> str:
    """For people."""
    return f"{of_us / DAY_US:g} day{'' if of_us == DAY_US else 's'}"
