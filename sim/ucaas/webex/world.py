"""Calls come to pass: their events, their records, and the lives of their recordings."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from sim.clockwork.chance import guid, stream
from sim.ucaas.surroundings import SECOND_US
from sim.ucaas.timetable import Timetable
from sim.ucaas.webex.calls import Call, Half, calls_of
from sim.ucaas.webex.center import State, states_of
from sim.ucaas.webex.environment import Environment
from sim.ucaas.webex.hooks import CALLS
from sim.ucaas.webex.life import RecordingLife
from sim.ucaas.webex.records import records_of
from sim.ucaas.webex.scripts import CallScript, Placed
from sim.ucaas.webex.talk import Step, data_of, steps_of

_REPEAT_US = 30 * SECOND_US


class World(Timetable[CallScript]):
    """Places calls and lets them happen."""

    def __init__(self, env: Environment) -> None:
        super().__init__()
        self._env = env
        self._chance = stream(env.seed, "world")
        self._lives: dict[str, RecordingLife] = {}

    def place(self, script: CallScript) -> Placed:
        """Put a call into the world; what lies in the past happens at the next `advance`."""
        shift_us = self._env.service_us(script.end_us) - script.end_us
        calls = calls_of(script, seed=self._env.seed, chance=self._chance, shift_us=shift_us)
        main = calls[0]
        recorded = frozenset(main.halves[part.leg].number for part in script.recordings)
        for call in calls:
            self._tell(call, recorded, shift_us)
            self._write(call, recorded, script)
        keys: list[str] = []
        for part in script.recordings:
            key = guid(self._chance)
            half = main.halves[part.leg]
            life = RecordingLife(env=self._env, script=part, call=main, half=half, key=key)
            self._lives[key] = life
            self._schedule(life, script.end_us)
            keys.append(key)
        return Placed(main.session, tuple(keys))

    def advance(self, now_us: int) -> None:
        """Let everything happen that is due, and webhooks tell of it."""
        super().advance(now_us)
        self._env.hooks.advance(now_us)

    def begun(self, script: CallScript) -> CallScript:
        """The same call, beginning where it would have ended."""
        talk_us = sum(int(leg.seconds * SECOND_US) for leg in script.legs)
        return replace(script, end_us=script.end_us + talk_us)

    def change(self, key: str, what: str, now_us: int) -> None:
        """Change a recording now. Harmless when there is none."""
        life = self._lives.get(key)
        if life is not None:
            life.change(what, now_us)

    def _tell(self, call: Call, recorded: frozenset[str], shift_us: int) -> None:
        for half in call.halves:
            steps = steps_of(half, recorded=half.number in recorded)
            for count, step in enumerate(steps, 1):
                hear = partial(self._hear, call, half, steps[:count])
                self.at(step.at_us - shift_us, hear)
            for state in states_of(call, half) if self._env.center.is_open else ():
                self.at(state.at_us - shift_us, partial(self._come_to, state))

    def _come_to(self, state: State, at_us: int) -> None:
        for post in self._env.center.happened(state, at_us):
            self._env.hooks.post(post)

    def _hear(self, call: Call, half: Half, steps: list[Step], at_us: int) -> None:
        hooks = self._env.hooks
        if hooks.is_heard(CALLS):
            data, person = data_of(call, half, steps), half.owner.key
            hooks.emit(CALLS, steps[-1].event, data, person=person, now_us=at_us)

    def _write(self, call: Call, recorded: frozenset[str], script: CallScript) -> None:
        first_us = script.end_us + int(script.history_delay_s * SECOND_US)
        records = records_of(call, org=self._env.org, recorded=recorded)
        for at_us in (first_us, first_us + _REPEAT_US)[: 2 if script.history_repeats else 1]:
            for record in records:
                self.at(at_us, partial(self._keep, record))

    def _keep(self, record: dict[str, object], at_us: int) -> None:
        self._env.history.insert(record, self._env.service_us(at_us))

    def _schedule(self, life: RecordingLife, end_us: int) -> None:
        part = life.script

        def due(at_us: int) -> None:
            """A late fault shifts the whole life, but not the stamp."""
            late_us = self._env.lateness_us(at_us)
            if late_us:
                self.at(at_us + late_us, partial(born, late_us))
            else:
                born(0, at_us)

        def born(late_us: int, at_us: int) -> None:
            life.late_us = late_us + int(part.backdate_s * SECOND_US)
            life.appear(at_us)
            if part.file_delay_s is None:
                return
            file_us = at_us + int(part.file_delay_s * SECOND_US)
            self.at(file_us, life.file_arrives)
            for change in part.changes:
                self.at(
                    file_us + int(change.after_s * SECOND_US), partial(life.change, change.what)
                )

        self.at(end_us + int((part.create_delay_s + part.backdate_s) * SECOND_US), due)
