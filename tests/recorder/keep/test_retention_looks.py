"""How the actor that deletes looks at contacts, and by which rules it may."""

import pytest

from recorder.settings.retention import RetentionPolicy
from sim.tables.retention import MemoryRetentionDb
from tests.recorder.keep.desk import DAY_S, ready_to_decide


def asked(monkeypatch, name):
    """Arguments of each call of the database."""
    calls, ask = [], getattr(MemoryRetentionDb, name)

    def seen(self, first, *rest):
        calls.append(first)
        return ask(self, first, *rest)

    monkeypatch.setattr(MemoryRetentionDb, name, seen)
    return calls


def test_every_contact_is_looked_at_once_and_only_what_is_due_is_read_again(monkeypatch):
    surveys, decisions = asked(monkeypatch, "survey"), asked(monkeypatch, "decide")
    desk = ready_to_decide(page=1)
    desk.live(60)
    assert [walk.after is None for walk in surveys] == [True, False, False]
    assert sorted(name for some in decisions for name in some) == sorted(
        one.contact_id for one in desk.deletions()
    )
    assert len(desk.deletions()) == 2


def test_a_look_at_contacts_takes_its_share_of_the_time_and_no_more(monkeypatch):
    desk = ready_to_decide(page=1, share=0.25)
    began, survey = [], MemoryRetentionDb.survey

    def slowly(self, *given):
        began.append(desk.clock.now_ns)
        desk.clock.now_ns += 100_000_000  # as a database that takes so long
        return survey(self, *given)

    monkeypatch.setattr(MemoryRetentionDb, "survey", slowly)
    desk.live(10, step_s=0.01)
    first, second = began[:2]
    assert second - first == pytest.approx(400_000_000, abs=30_000_000)


def test_rules_that_were_longer_for_a_while_are_not_shortened_without_a_word():
    desk = ready_to_decide()
    short = desk.settings
    longer = RetentionPolicy(name="all", keep_days=365)
    desk.settings = short.model_copy(update={"policies": (longer,)})
    desk.behaviour = desk.begin()
    desk.grant(term=4)
    desk.live(60)
    assert [run.outcome for run in desk.db.runs(9)] == ["done"]
    desk.settings = short
    desk.behaviour = desk.begin()
    desk.grant(term=5)
    desk.clock.advance(DAY_S)
    desk.live(200)
    assert not desk.deletions()
    assert "retention_unconfirmed" in desk.findings()
    desk.db.confirm_plan("P-0", "bob")
    desk.live(200)
    assert len(desk.deletions()) == 2
