"""The parts in which a period is listed: whole or not at all, and flat in memory."""

import pytest

from recorder.errors import BadAnswer
from recorder.model import ItemRef, Page, Window
from recorder.records.recoveries import Difference, RecoveryKind, RecoveryRow, Stage
from recorder.recover.sections import (
    COMPARE_AT,
    IDS_AT_ONCE,
    ITEMS_WANTED,
    PAGES_MAX,
    STAGE_AT,
    Found,
    Lengths,
    Section,
)

US = 1_000_000
HOUR = 3600 * US


def a_ref(key, changed_us=5):
    return ItemRef("zoom", str(key), "v", changed_us, f"s-{key}")


def a_row(*, listed=0, to=100 * HOUR, ids=()):
    return RecoveryRow(
        "R-1", "zoom", RecoveryKind.SPECIFIC if ids else RecoveryKind.MANUAL, "operator", 0, "ada",
        window=None if ids else Window(0, to), ids=ids, listed=listed,
    )  # fmt: skip


def a_section(to=HOUR, retention_s=None, **row):
    return Section(row=a_row(**row), to=to, retention_s=retention_s)


def page(*keys, after=None):
    return Page(tuple(map(a_ref, keys)), after, None)


def missing(*refs, here=0):
    return Difference(here, 0, refs)


def test_a_section_is_whole_after_its_last_page():
    section = a_section()
    assert section.window == Window(0, HOUR)
    assert section.listed(page("a", "b", after="2")) == ()
    assert (section.page, section.is_whole) == ("2", False)
    assert [ref.key for ref in section.listed(page("c"))] == ["a", "b", "c"]
    section.compared(missing(a_ref("a"), here=2))
    assert section.is_whole
    result = section.result()
    assert (result.begin, result.to, result.api_calls) == (0, HOUR, 2)
    assert (result.already_here, [item.ref.key for item in result.missing]) == (2, ["a"])


def test_an_item_listed_twice_is_compared_once():
    section = a_section()
    section.listed(page("a", after="2"))
    assert section.listed(page("a", "b")) == (a_ref("a"), a_ref("b"))
    assert section.listed_items == 2


@pytest.mark.parametrize("page_size", [1, 300, COMPARE_AT - 1, COMPARE_AT])
def test_small_pages_are_compared_some_thousand_items_at_once_and_none_is_left_out(page_size):
    section, compared = a_section(), []
    numbers = range(2 * COMPARE_AT + 7)
    starts = range(0, len(numbers), page_size)
    for start in starts[:PAGES_MAX]:
        after = str(start) if start < starts[:PAGES_MAX][-1] else None
        compared.append(section.listed(page(*numbers[start : start + page_size], after=after)))
    listed = min(len(numbers), PAGES_MAX * page_size)
    assert [ref.key for refs in compared for ref in refs] == [str(one) for one in range(listed)]
    asked = [len(refs) for refs in compared if refs]
    assert all(COMPARE_AT <= some < COMPARE_AT + page_size for some in asked[:-1])
    assert len(asked) <= 3


def test_a_page_that_was_there_before_is_no_page():
    section = a_section()
    section.listed(page("a", after="2"))
    section.listed(page("b", after="3"))
    with pytest.raises(BadAnswer, match="came back"):
        section.listed(page("c", after="2"))


def test_a_listing_without_an_end_is_given_up():
    section = a_section()
    with pytest.raises(BadAnswer, match="more than"):  # noqa: PT012 - the last of many
        for number in range(PAGES_MAX + 1):
            section.listed(page(number, after=f"t{number}"))


def test_missing_items_know_when_the_source_deletes_them():
    section = a_section(retention_s=10.0)
    section.listed(page("a"))
    section.compared(missing(a_ref("a", changed_us=7)))
    assert section.result().missing[0].expires_us == 7 + 10 * US


def test_many_missing_items_are_handed_over_to_be_staged():
    section = a_section()
    refs = [a_ref(number) for number in range(STAGE_AT)]
    section.listed(Page(tuple(refs), "2", None))
    section.compared(missing(*refs[:-1]))
    assert section.overflow() == ()
    section.compared(missing(refs[-1]))
    assert len(section.overflow()) == STAGE_AT
    assert section.overflow() == ()
    section.listed(page("x"))
    section.compared(missing(a_ref("x")))
    assert [item.ref.key for item in section.result().missing] == ["x"]


def test_ids_are_taken_one_by_one_and_what_leads_to_nothing_has_an_end():
    section = a_section(to=2, ids=("m-1", "m-2", "m-3"))
    assert section.identifier == "m-1"
    assert section.found(Found((a_ref("f"),))) == (a_ref("f"),)
    section.compared(missing(a_ref("f")))
    assert section.identifier == "m-2"
    assert section.found(Found(end=Stage.GONE, reason="unknown: nothing")) == ()
    assert section.is_whole
    found, unknown = section.result().missing
    assert (found.asked, found.stage) == ("m-1", Stage.PENDING)
    assert (unknown.asked, unknown.stage) == ("m-2", Stage.GONE)
    assert unknown.ref.source == "zoom"


# -- lengths ----


def length(lengths, **row):
    row = a_row(**row)
    return lengths.next_to(row, row.end) - row.listed


def test_sections_grow_where_little_is_found_up_to_what_the_source_can_answer():
    lengths = Lengths(window_max_s=8 * 3600)
    assert length(lengths) == HOUR
    for _ in range(9):
        lengths.brought(10, 1)
    assert length(lengths) == 8 * HOUR


def test_sections_shrink_where_much_is_found_but_never_below_a_minute():
    lengths = Lengths(window_max_s=8 * 3600)
    lengths.brought(3 * ITEMS_WANTED, 10)
    assert length(lengths) == HOUR // 2
    for _ in range(20):
        lengths.shorten()
    assert length(lengths) == 60 * US


def test_a_source_that_answers_only_for_seconds_is_asked_for_seconds():
    lengths = Lengths(window_max_s=5)
    lengths.shorten()
    assert length(lengths) == 5 * US


def test_a_section_ends_with_the_period_and_where_listing_may_go():
    lengths = Lengths(window_max_s=8 * 3600)
    assert length(lengths, to=HOUR // 4) == HOUR // 4
    assert lengths.next_to(a_row(), 7) == 7
    assert lengths.next_to(a_row(listed=9), 7) == 7  # not above where it is: wait


def test_ids_come_some_at_a_time():
    lengths = Lengths(window_max_s=60)
    row = a_row(ids=tuple(map(str, range(45))))
    assert lengths.next_to(row, row.end) == IDS_AT_ONCE
    assert lengths.next_to(a_row(ids=row.ids, listed=40), row.end) == 45
