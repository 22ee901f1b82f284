"""What would go if everything, or a source, were kept so many days."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.keep.rules import judge, kept_by
from recorder.keep.what_if import NAME, days, undercuts, what_if
from recorder.records.retention import DAY_US, Part, Verdict
from tests.recorder.keep.facts import T0_US, a_contact, a_policy, rules

EVERYTHING = a_policy("everything", 100)
ZOOM = a_policy("meetings", 300, sources=("zoom",))
SALES = a_policy("sales", 200, attributes={"queue": "sales"})
CHATS = a_policy("chats", 50, channels=("chat",), sources=("zoom", "dyn"))
CONFIGURED = rules(EVERYTHING, ZOOM, SALES, CHATS, legal=20, recycle=7)


def kept_days(contact, found):
    name, keep_us = kept_by(contact, found)
    return name, None if keep_us is None else keep_us / DAY_US


def in_sales(source="dyn"):
    return a_contact(source=source, parts=(Part("voice", "inbound", {"queue": "sales"}),))


def test_the_policy_takes_the_place_of_those_about_everything_and_about_sources():
    found = what_if(CONFIGURED, 30 * DAY_US, "")
    assert [one.name for one in found.policies] == [NAME, "sales", "chats"]
    assert (found.legal_minimum_us, found.recycle_us) == (20 * DAY_US, 7 * DAY_US)
    for source in ("dyn", "zoom", "webex"):
        assert kept_days(a_contact(source=source), found) == (NAME, 30)


def test_what_is_about_a_part_of_the_contacts_keeps_them_as_long_as_before():
    found = what_if(CONFIGURED, 30 * DAY_US, "")
    assert kept_days(in_sales(), found) == ("sales", 200)
    assert kept_days(in_sales(), what_if(CONFIGURED, 250 * DAY_US, "")) == (NAME, 250)


def test_of_a_source_nothing_else_is_asked():
    found = what_if(CONFIGURED, 30 * DAY_US, "zoom")
    assert kept_days(a_contact(source="zoom"), found) == (NAME, 30)
    assert kept_days(in_sales("zoom"), found) == ("sales", 200)
    for contact in (a_contact(), in_sales(), a_contact(parts=(Part("chat", "inbound"),))):
        assert kept_days(contact, found) == ("", None), "it is of another source"
    assert [one.name for one in what_if(CONFIGURED, 30 * DAY_US, "webex").policies] == [
        NAME,
        "sales",
    ]


def test_a_node_without_policies_can_be_asked():
    found = what_if(rules(), 30 * DAY_US, "")
    assert kept_days(a_contact(), found) == (NAME, 30)


def test_what_is_shorter_than_the_legal_minimum_undercuts_it():
    assert undercuts(CONFIGURED, 20 * DAY_US - 1)
    assert not undercuts(CONFIGURED, 20 * DAY_US)
    assert not undercuts(rules(), 1)


def test_days_are_told_as_people_do():
    assert (days(DAY_US), days(30 * DAY_US), days(DAY_US // 2)) == ("1 day", "30 days", "0.5 days")


@given(
    keep=st.integers(20, 400),
    age=st.integers(0, 500),
    queue=st.sampled_from(["sales", "service"]),
    source=st.sampled_from(["dyn", "zoom"]),
)
def test_nothing_goes_that_is_younger_and_nothing_more_the_longer_it_is_kept(
    keep, age, queue, source
):
    contact = a_contact(source=source, parts=(Part("voice", "inbound", {"queue": queue}),))
    now_us = T0_US + age * DAY_US

    def goes(days):
        found = what_if(CONFIGURED, days * DAY_US, "")
        return judge(contact, (), found, now_us).verdict is Verdict.DUE

    assert not (goes(keep) and age < keep)
    assert goes(keep) or not goes(keep + 1)
