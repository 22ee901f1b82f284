"""The poller and its operators; and a standby that proves its credentials."""

import pytest

from cluster.messages import CommandAnswer, DutyFailing, Ping
from recorder.errors import (
    AuthRefused,
    CallBufferError,
    Unreachable,
)
from recorder.messages import FindingOpened, Rewind
from recorder.model import Finding, Level, SourceProgress
from sim.stand_ins.progress import MemoryProgress
from tests.by_hand import Inbox
from tests.recorder.poll.polling import START_US, US, Desk, SmallCenter, known


@pytest.fixture
def desk():
    return Desk().start()


def test_a_rewind_begins_a_new_epoch_and_lists_again():
    desk = Desk(center=known(SmallCenter())).start()
    ref = desk.source.add("missed", 5000)
    desk.grant()
    assert desk.given() == []
    operator = Inbox()
    desk.tell(Rewind(START_US - 6000 * US, operator))
    desk.run()
    assert operator.messages[0].status == "done"
    assert desk.given() == ["missed"]
    assert desk.mark.epoch == 1
    assert desk.center.progress["crm"].epoch == 1
    desk.finish(ref)
    desk.advance(60)
    assert desk.behind_s() < 160


def test_a_rewind_is_confirmed_only_when_a_crash_cannot_undo_it():
    desk = Desk(center=known(SmallCenter())).start()
    desk.grant()
    operator = Inbox()
    desk.tell(Rewind(START_US - 6000 * US, operator))
    assert operator.messages == [], "nothing is saved yet"
    desk.run()
    assert desk.store.load()[0].epoch == 1
    assert [answer.status for answer in operator.messages] == ["done"]


def test_a_rewind_that_can_be_saved_nowhere_is_not_confirmed_until_it_can():
    desk = Desk(center=known(SmallCenter())).start()
    desk.grant()
    desk.store.full = desk.center.down = True
    operator = Inbox()
    desk.tell(Rewind(START_US - 6000 * US, operator))
    desk.advance(30)
    assert operator.messages == []
    desk.center.down = False
    desk.advance(60)
    assert [answer.status for answer in operator.messages] == ["done"]


def test_a_standby_refuses_a_rewind(desk):
    operator = Inbox()
    desk.tell(Rewind(0, operator))
    assert operator.messages == [
        CommandAnswer("refused", "this node does not poll", "Ask the primary node.")
    ]


def test_a_rewind_is_a_way_out_of_no_state():
    center = SmallCenter()
    center.down = True
    desk = Desk(center=center).start()
    desk.grant()
    desk.tell(Rewind(START_US - 600 * US, Inbox()))
    desk.run()
    assert desk.status.polls == 1
    assert desk.findings() == []


def problems(desk):
    supervisor = Inbox()
    desk.tell(Ping(1, supervisor))
    return supervisor.messages[0].problems


def test_a_standby_whose_credentials_fail_is_not_ready(desk):
    desk.source.check_result = AuthRefused("secret expired", hint="renew it")
    desk.advance(5)
    assert problems(desk) == ("crm: secret expired",)
    assert desk.findings() == ["standby_credentials_failing"]
    opened = desk.monitor.of(FindingOpened)[0].finding
    assert (opened.subject, opened.hint) == ("crm", "renew it")
    desk.source.check_result = ()
    desk.advance(60)
    assert problems(desk) == ()
    assert desk.findings() == []


def test_a_standby_that_finds_a_missing_right_is_not_ready(desk):
    desk.source.check_result = (Finding("no_right", Level.ERROR, "crm", "may not read", "grant"),)
    desk.advance(5)
    assert problems(desk) == ("crm: may not read",)


def test_a_source_that_is_away_says_nothing_of_the_standbys_credentials(desk):
    desk.source.check_result = Unreachable("down")
    desk.advance(5)
    assert problems(desk) == ()


def test_on_duty_polling_itself_is_the_proof(desk):
    desk.source.check_result = AuthRefused("secret expired")
    desk.advance(5)
    desk.grant()
    assert problems(desk) == ()
    assert desk.findings() == []
    desk.advance(2000)
    assert problems(desk) == ()


def test_a_disk_that_takes_no_progress_is_a_finding():
    class Full(MemoryProgress):
        def save(self, progress: SourceProgress):
            raise CallBufferError(f"no space for {progress.source}")

    desk = Desk(store=Full()).start()
    desk.grant()
    assert desk.findings() == ["progress_not_saved"]
    assert "crm" in desk.center.progress


def test_a_node_that_gave_the_duty_up_for_its_credentials_knows_that_and_tries_them_soon():
    desk = Desk(center=known(SmallCenter())).start()
    desk.grant()
    desk.source.errors = [AuthRefused("secret expired", hint="Make a new one.")]
    desk.advance(60)
    assert desk.pair.of(DutyFailing)[-1].reason == "secret expired"
    desk.withdraw()
    desk.run()
    assert desk.pair.of(DutyFailing)[-1].reason == ""
    assert desk.findings() == ["standby_credentials_failing"]
    desk.advance(61)
    assert desk.findings() == []
