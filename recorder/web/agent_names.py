"""What agents are called: their names as the contacts of their calls have them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from recorder.errors import RecorderError
from recorder.records.contacts import ContactDetail
from recorder.scn.model import agent_keys_of

READS_MAX: Final = 40
"""So many contacts are read for one question; the others' agents have their turn at the next."""
KNOWN_MAX: Final = 4096
FRESH_NS: Final = 3600 * 10**9
"""A name that is known is looked up again after this."""
UNKNOWN_NS: Final = 30 * 10**9
"""An agent without a name is looked for again after this: calls are archived meanwhile."""
TROUBLED_NS: Final = 15 * 10**9
"""The Data Center is left alone for so long when it did not answer."""
_CUSTOMER: Final = "customer"


@dataclass(slots=True)
class _Known:
    name: str
    due_ns: int


class AgentNames:
    """Names by agent key, learnt from contacts and kept in memory. Any thread.

    `contact` reads the contact of a call, None when there is none; `sees_data_center` tells whether it is worth asking.
    A name that was learnt stays when its contact goes, until another one is told or the node ends.
    """

    def __init__(
        self,
        *,
        contact: Callable[[str], ContactDetail | None],
        sees_data_center: Callable[[], bool],
        monotonic_ns: Callable[[], int],
    ) -> None:
        self._contact = contact
        self._sees_data_center = sees_data_center
        self._monotonic_ns = monotonic_ns
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._quiet_until_ns = 0

    def of(self, calls: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
        """Names of those of these agents who have one. `calls`: of each agent key, the newest first.

        Never raises: without a Data Center what was learnt before is told.
        """
        due = self._due(calls) if self._sees_data_center() else ()
        self._learn((call, agent) for agent in due for call in calls[agent] if call)
        with self._lock:
            return {
                agent: found.name
                for agent in calls
                if (found := self._known.get(agent)) is not None and found.name
            }

    def _due(self, calls: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        """Who is to be looked up now: whoever waits longest first. Nobody else does the same."""
        now_ns = self._monotonic_ns()
        with self._lock:
            if now_ns < self._quiet_until_ns:
                return ()
            waiting = [(one.due_ns, agent) for agent, one in self._known.items() if agent in calls]
            waiting += [(0, agent) for agent in calls if agent not in self._known]
            due = sorted(one for one in waiting if one[0] <= now_ns)[:READS_MAX]
            for _, agent in due:
                name = self._known[agent].name if agent in self._known else ""
                self._keep(agent, name, now_ns)
            return tuple(agent for _, agent in due)

    def _learn(self, asked: Iterator[tuple[str, str]]) -> None:
        """Read contacts, each once, until every agent asked for has a name or enough were read."""
        found: set[str] = set()
        read: set[str] = set()
        for call, agent in asked:
            if agent in found or call in read:
                continue
            if len(read) == READS_MAX:
                return
            read.add(call)
            try:
                detail = self._contact(call)
            except RecorderError:
                with self._lock:
                    self._quiet_until_ns = self._monotonic_ns() + TROUBLED_NS
                return
            names = {} if detail is None else _names_in(detail)
            found |= names.keys()
            now_ns = self._monotonic_ns()
            with self._lock:
                for key, name in names.items():
                    self._keep(key, name, now_ns)

    def _keep(self, agent: str, name: str, now_ns: int) -> None:
        self._known[agent] = _Known(name, now_ns + (FRESH_NS if name else UNKNOWN_NS))
        self._known.move_to_end(agent)
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)


def _names_in(detail: ContactDetail) -> dict[str, str]:
    """Of whoever took part and is no customer, by agent key."""
    return {
        key: party.name
        for one in detail.interactions
        for party in one.parties
        if party.role != _CUSTOMER and party.name
        for key in agent_keys_of(detail.row.source, party.key)
    }
