"""The judge of what is replayed: what it lets pass, and what not."""

from dataclasses import replace

from recorder.scn.model import Verdict
from sim.checkers.replay_whole import (
    Content,
    ReplayRun,
    SeenContact,
    SeenRendition,
    check_replays,
    due_frames,
    not_shown,
)
from tests.sim.checkers.test_screen_follows_agent import film, leg, part
from tests.sim.checkers.test_screen_follows_agent import run as screens

HOME = "c" * 32
FILES = ("sound/a1", "sound/a2")
FILM = film(0, 30, keys=(0, 10, 20))
LEGS = (leg(0, 30),)
CONTACT = SeenContact(HOME, "c-1", FILES, "d-1")


def places(frames):
    return tuple(one.place for one in frames)


def rendition(frames=FILM, *, number=1, digest="d-1", heard=FILES, led=(), lost=(), clock_us=0):
    content = Content(HOME, digest, tuple(heard), (), places(frames), places(led), clock_us)
    return SeenRendition(HOME, number, digest, content, tuple(lost))


def run(*renditions, legs=LEGS, contacts=(CONTACT,), left=()):
    return ReplayRun(screens(list(legs), FILM, [part(FILM)]), contacts, renditions, left)


def said(*renditions, **more):
    return [one.what for one in check_replays(run(*renditions, **more))]


def test_a_rendition_of_everything_on_record_is_right():
    assert said(rendition()) == []


def test_a_contact_nobody_made_is_missed_and_so_is_one_that_changed_since():
    (never,) = said()
    assert "never made" in never
    (old,) = said(rendition(digest="d-0"))
    assert "what is on record" in old
    assert said(rendition(digest="d-0"), rendition(number=2)) == []


def test_a_file_that_came_late_and_a_frame_that_is_archived_are_missed():
    (what,) = said(rendition(heard=FILES[:1]))
    assert "1 of 2 files" in what
    (what,) = said(rendition(FILM[:20]))
    assert "does not show" in what
    assert "20.0 to 28.0 s" in what


def test_the_ends_of_a_call_may_be_shown_or_not():
    assert said(rendition(FILM[:29])) == []
    assert said(rendition(FILM[10:29])) == []
    assert said(rendition(FILM[10:28]))


def test_after_a_mask_the_next_picture_that_stands_alone_is_the_first_to_be_due():
    legs = [leg(0, 30, masks=[(12, 14)])]
    due = due_frames(screens(legs, FILM, [part(FILM)]), "c-1")
    assert ("s-1", 15) not in due
    assert ("s-1", 20) in due


def test_after_a_hole_too():
    parts = [part(FILM[:12]), part(FILM[13:], key="p-2")]
    due = due_frames(screens([leg(0, 30)], FILM, parts), "c-1")
    assert ("s-1", 13) not in due
    assert ("s-1", 20) in due


def test_what_is_near_a_mask_may_be_left_out_as_far_as_the_services_clock_was_not_known():
    masked = [leg(0, 30, masks=[(12, 14)])]
    cautious = (*FILM[:10], *FILM[20:])
    assert said(rendition(cautious, clock_us=2_000_000), legs=masked) == []
    assert [*not_shown(run(rendition(cautious, clock_us=2_000_000), legs=masked))] == []
    (what,) = said(rendition(cautious, clock_us=500_000), legs=masked)
    assert "2 frames, 10.0 to 11.0 s" in what
    assert [*not_shown(run(rendition(cautious, clock_us=500_000), legs=masked))] == [CONTACT]


def test_a_masked_frame_is_shown_by_no_rendition_not_even_an_old_one_or_one_that_builds_on_it():
    masked = [leg(0, 30, masks=[(12, 14)])]
    shown = [*FILM[:12], *FILM[20:]]
    assert said(rendition(shown), legs=masked) == []
    (what,) = said(rendition(digest="d-0"), rendition(shown, number=2), legs=masked)
    assert "rendition 1 shows 2 frames that are masked" in what
    (what,) = said(rendition(shown, led=FILM[12:13]), legs=masked)
    assert "masked" in what


def test_what_was_made_before_a_mask_may_be_on_record_without_its_object():
    gone = replace(rendition(digest="d-0"), content=None, lost=("renditions/cc/x",))
    (what,) = said(gone, rendition(number=2))
    assert "not in the archive" in what
    masked = [leg(0, 30, masks=[(12, 14)])]
    assert said(gone, rendition([*FILM[:12], *FILM[20:]], number=2), legs=masked) == []


def test_the_newest_is_in_the_archive_whatever_was_masked():
    masked = [leg(0, 30, masks=[(12, 14)])]
    gone = replace(rendition(), content=None, lost=("renditions/cc/x",))
    (what,) = said(gone, legs=masked)
    assert "newest" in what


def test_a_call_that_was_not_answered_is_shown_only_where_another_one_was():
    legs = [leg(0, 10), leg(10, 30, Verdict.DELETED, call="c-2")]
    assert any("not answered" in what for what in said(rendition(), legs=legs))
    assert said(rendition(FILM[:10]), legs=legs) == []


def test_numbers_and_contents_are_each_renditions_own():
    twice = rendition(number=2)
    assert any("numbers" in what for what in said(rendition(), twice))
    other = replace(rendition(), digest="d-9", number=2)
    assert any("something else" in what for what in said(rendition(), other))


def test_nothing_is_left_of_a_contact_that_was_deleted():
    (what,) = said(contacts=(), left=("renditions/cc/" + HOME + "/d-1/rendition-1.webm",))
    assert "left of contacts" in what


def test_a_contact_without_a_screen_is_made_when_somebody_asks_others_before():
    assert [one.contact_id for one in not_shown(run())] == [HOME]
    assert [*not_shown(run(rendition(digest="d-0")))] == []
    assert [*not_shown(run(legs=()))] == []
