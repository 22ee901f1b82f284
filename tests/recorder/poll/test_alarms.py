"""Findings of one source are told once."""

import pytest

from recorder.messages import FindingClosed, FindingOpened
from recorder.model import Finding, Level
from recorder.poll.alarms import Alarms
from tests.by_hand import Inbox


@pytest.fixture
def monitor():
    return Inbox()


@pytest.fixture
def alarms(monitor):
    return Alarms(monitor=monitor, subject="crm")


def opened(what, level=Level.ERROR):
    return FindingOpened(Finding("code", level, "crm", what, "hint"))


def test_the_same_words_are_told_once_and_new_words_again(alarms, monitor):
    for what in ("bad", "bad", "worse"):
        alarms.open("code", Level.ERROR, what, "hint")
    assert monitor.messages == [opened("bad"), opened("worse")]


def test_a_change_of_level_is_told(alarms, monitor):
    alarms.open("code", Level.WARNING, "bad", "hint")
    alarms.open("code", Level.ERROR, "bad", "hint")
    assert monitor.messages == [opened("bad", Level.WARNING), opened("bad")]


def test_only_what_is_open_is_closed(alarms, monitor):
    alarms.close("code")
    assert monitor.messages == []
    alarms.open("code", Level.ERROR, "bad", "hint")
    alarms.close("code")
    alarms.close("code")
    assert monitor.messages[1:] == [FindingClosed("code", "crm")]


def test_an_empty_text_closes(alarms, monitor):
    alarms.set("code", Level.ERROR, "bad", "hint")
    alarms.set("code", Level.ERROR, "", "hint")
    assert monitor.messages == [opened("bad"), FindingClosed("code", "crm")]
