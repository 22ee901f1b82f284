"""The life of conversations: a queue of things to happen, carried out when the clock passes them.

Rows are stamped with the instant a thing was due, not with the instant somebody looked.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from sim.chance import guid, stream
from sim.ucaas.dynamics.conversation import Conversation, timeline
from sim.ucaas.dynamics.environment import SECOND_US, Environment
from sim.ucaas.dynamics.mix import CallMix
from sim.ucaas.dynamics.recording import RecordingLife
from sim.ucaas.dynamics.scripts import CallScript, Placed

Happening: TypeAlias = Callable[[int], None]


@dataclass(order=True, slots=True)
class _Due:
    at_us: int
    number: int
    happen: Happening = field(compare=False)


class World:
    """Places calls and lets them happen."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._chance = stream(env.seed, "world")
        self._queue: list[_Due] = []
        self._number = 0
        self._recordings = 0
        self._lives: dict[str, RecordingLife] = {}
        self._feed: CallMix | None = None
        self._rate = 0.0
        self._next_call_us = 0

    def place(self, script: CallScript) -> Placed:
        """Put a call into the world; what lies in the past happens at the next `advance`."""
        conversation = Conversation(self._env, script, guid(self._chance), self._chance)
        for at_us, happen in timeline(conversation, script):
            self._at(at_us, happen)
        keys: list[str] = []
        for part in script.recordings:
            self._recordings += 1
            life = RecordingLife(
                env=self._env,
                call=script,
                script=part,
                conversation=conversation.key,
                key=guid(self._chance),
                number=self._recordings,
            )
            keys.append(life.key)
            self._lives[life.key] = life
            self._schedule(life)
        return Placed(conversation.key, tuple(keys))

    def feed(self, mix: CallMix | None, calls_per_minute: float, now_us: int) -> None:
        """Let calls end at random instants from now on, at this mean rate; None stops."""
        self._feed = mix if calls_per_minute > 0 else None
        self._rate = calls_per_minute
        self._next_call_us = now_us

    def advance(self, now_us: int) -> None:
        """Let everything happen that is due."""
        while self._feed is not None and self._next_call_us <= now_us:
            self.place(self._feed.call(self._next_call_us))
            self._next_call_us += int(self._feed.gap_s(self._rate) * SECOND_US)
        while self._queue and self._queue[0].at_us <= now_us:
            due = heapq.heappop(self._queue)
            due.happen(due.at_us)

    def change(self, key: str, now_us: int, *, bump: bool) -> None:
        """Change a recording now: its row alone, or its file too. Harmless when there is none."""
        life = self._lives.get(key)
        if life is not None:
            (life.bump if bump else life.replace)(now_us)

    def pending(self) -> int:
        """Things yet to happen."""
        return len(self._queue)

    def _at(self, at_us: int, happen: Happening) -> None:
        self._number += 1
        heapq.heappush(self._queue, _Due(at_us, self._number, happen))

    def _schedule(self, life: RecordingLife) -> None:
        part = life.script

        def row_due(at_us: int) -> None:
            """A late fault shifts the whole life, but not the stamps."""
            late_us = self._env.lateness_us(at_us)
            if late_us:
                self._at(at_us + late_us, lambda now_us: born(now_us, late_us))
            else:
                born(at_us, 0)

        def born(at_us: int, late_us: int) -> None:
            life.late_us = late_us + int(part.backdate_s * SECOND_US)
            life.appear(at_us)
            if part.file_delay_s is None:
                return
            file_us = at_us + int(part.file_delay_s * SECOND_US)
            self._at(file_us, life.file_arrives)
            for bump_s in part.bumps_s:
                self._at(file_us + int(bump_s * SECOND_US), life.bump)
            if part.replace_after_s is not None:
                self._at(file_us + int(part.replace_after_s * SECOND_US), life.replace)
            if part.delete_after_s is not None:
                self._at(file_us + int(part.delete_after_s * SECOND_US), life.delete)

        delay_us = int((part.row_delay_s + part.backdate_s) * SECOND_US)
        self._at(life.call.end_us + delay_us, row_due)
