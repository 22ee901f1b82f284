"""The life of conversations. Rows are stamped with the instant a thing was due."""

from __future__ import annotations

from dataclasses import replace

from sim.clockwork.chance import guid, stream
from sim.ucaas.dynamics.conversation import Conversation, timeline
from sim.ucaas.dynamics.environment import Environment
from sim.ucaas.dynamics.recording import RecordingLife
from sim.ucaas.dynamics.scripts import CallScript, Placed
from sim.ucaas.surroundings import SECOND_US
from sim.ucaas.timetable import Timetable


class World(Timetable[CallScript]):
    """Places calls and lets them happen."""

    def __init__(self, env: Environment) -> None:
        super().__init__()
        self._env = env
        self._chance = stream(env.seed, "world")
        self._recordings = 0
        self._lives: dict[str, RecordingLife] = {}

    def place(self, script: CallScript) -> Placed:
        """Put a call into the world; what lies in the past happens at the next `advance`."""
        drawn = guid(self._chance)
        conversation = Conversation(self._env, script, script.key or drawn, self._chance)
        for at_us, happen in timeline(conversation, script):
            self.at(at_us, happen)
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

    def begun(self, script: CallScript) -> CallScript:
        """The same call, beginning where it would have ended."""
        talk_us = sum(int(leg.seconds * SECOND_US) for leg in script.legs)
        return replace(script, end_us=script.end_us + talk_us)

    def change(self, key: str, now_us: int, *, bump: bool) -> None:
        """Change a recording now: its row alone, or its file too. Harmless when there is none."""
        life = self._lives.get(key)
        if life is not None:
            (life.bump if bump else life.replace)(now_us)

    def _schedule(self, life: RecordingLife) -> None:
        part = life.script

        def row_due(at_us: int) -> None:
            """A late fault shifts the whole life, but not the stamps."""
            late_us = self._env.lateness_us(at_us)
            if late_us:
                self.at(at_us + late_us, lambda now_us: born(now_us, late_us))
            else:
                born(at_us, 0)

        def born(at_us: int, late_us: int) -> None:
            life.late_us = late_us + int(part.backdate_s * SECOND_US)
            life.appear(at_us)
            if part.file_delay_s is None:
                return
            file_us = at_us + int(part.file_delay_s * SECOND_US)
            self.at(file_us, life.file_arrives)
            for bump_s in part.bumps_s:
                self.at(file_us + int(bump_s * SECOND_US), life.bump)
            if part.replace_after_s is not None:
                self.at(file_us + int(part.replace_after_s * SECOND_US), life.replace)
            if part.delete_after_s is not None:
                self.at(file_us + int(part.delete_after_s * SECOND_US), life.delete)

        delay_us = int((part.row_delay_s + part.backdate_s) * SECOND_US)
        self.at(life.call.end_us + delay_us, row_due)
