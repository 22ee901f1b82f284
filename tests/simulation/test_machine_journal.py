"""The journal as a state machine: whatever was acknowledged survives, in order, real and simulated alike."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from recorder.adapters.journal_file import JournalFile, frame
from sim.stand_ins.buffer import SimJournal

records = st.lists(st.binary(max_size=12), max_size=3)


class JournalMachine(RuleBasedStateMachine):
    """Both journals do the same; `kept` is what they promised."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "journal"
        self.real = JournalFile(self.path)
        self.simulated = SimJournal()
        self.kept = []

    def teardown(self):
        self.real.close()
        shutil.rmtree(self.folder)

    @rule(new=records)
    def append(self, new):
        self.real.append(new)
        self.simulated.append(new)
        self.kept += new

    @rule(keep=st.integers(0, 3))
    def compact(self, keep):
        left = self.kept[len(self.kept) - min(keep, len(self.kept)) :]
        self.real.rewrite(left)
        self.simulated.rewrite(left)
        self.simulated.crash(power=False)
        self.kept = list(left)

    @rule()
    def restart(self):
        self.real.close()
        self.real = JournalFile(self.path)
        self.simulated.crash(power=False)

    @rule(record=st.binary(min_size=1, max_size=12), share=st.floats(0, 0.99))
    def power_fails_in_an_append(self, record, share):
        self.real.close()
        whole = frame(record)
        if self.path.exists():
            with self.path.open("ab") as file:
                file.write(whole[: int(len(whole) * share)])
        self.real = JournalFile(self.path)
        self.simulated.crash(power=True)

    @rule(zeros=st.integers(1, 40))
    def power_fails_and_leaves_zeros(self, zeros):
        self.real.close()
        if self.path.exists():
            with self.path.open("ab") as file:
                file.write(bytes(zeros))
        self.real = JournalFile(self.path)
        self.simulated.crash(power=True)

    @invariant()
    def what_was_acknowledged_is_there_in_order(self):
        assert list(self.real.read()) == self.kept
        assert list(self.simulated.read()) == self.kept


JournalMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestJournal = JournalMachine.TestCase
