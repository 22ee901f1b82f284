"""The page: everything a reader needs, nothing from elsewhere, whatever the service calls its things."""

import re

import pytest

from recorder.prove.page import ROWS_MAX, page_text
from recorder.records.certificates import CertificateHead, LeafState
from tests.recorder.prove.certified import a_leaf, certify
from tests.sim.picture.browser import MISSING, PROGRAMS, Browser

EVIL = "<script>alert(1)</script>\"'&"


def mixed():
    return certify(
        [
            a_leaf("a", recovery="R-20241005-7f3a"),
            a_leaf("b", LeafState.MISSING, cause="shown_late", reason="its period was polled"),
            a_leaf("c", LeafState.FAILED, cause="truncated", reason=EVIL),
            a_leaf(EVIL, LeafState.NOT_RECORDABLE, cause="agent_excluded", reason="by rule"),
            a_leaf("e", LeafState.GONE, cause="gone", reason="deleted at the source", listed=False),
            a_leaf("f", LeafState.DELETED, cause="retention", reason="deleted by seven-years"),
        ]
    )


def test_an_incomplete_day_says_so_in_big_letters_and_lists_what_is_missing():
    page = page_text(mixed())
    assert "<strong>INCOMPLETE</strong>" in page
    assert "shown_late" in page
    assert "its period was polled" in page
    assert "R-20241005-7f3a" in page


def test_complete_days_and_days_with_losses_say_so():
    assert "<strong>COMPLETE</strong>" in page_text(certify([a_leaf()]))
    page = page_text(certify([a_leaf("g", LeafState.GONE, cause="gone")]))
    assert "<strong>COMPLETE BUT FOR LOSSES</strong>" in page


def test_a_day_that_was_not_over_is_told():
    assert "was not over" in page_text(certify([], source_us=5))


def test_nothing_of_the_page_comes_from_elsewhere_and_nothing_foreign_is_code():
    page = page_text(mixed())
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert re.findall(r"(?:src|href)=\"(?!data:,)", page) == []
    assert "http://" not in page
    assert "https://" not in page


def test_a_long_list_is_cut_and_says_so():
    leaves = [a_leaf(f"i{n:05}", LeafState.FAILED) for n in range(ROWS_MAX + 3)]
    page = page_text(certify(leaves))
    assert "and 3 more, in the JSON" in page
    assert page.count("<tr>") < ROWS_MAX + 50


def test_what_it_follows_on_is_named():
    head = CertificateHead("zoom", "2024-10-04", 4, 1, "beta", "incomplete", "9a" * 32, 7)
    page = page_text(certify([], previous=head, number=5, audit=None, watermark_us=None))
    assert "9a" * 32 in page
    assert "number 4" in page
    assert "not anchored" in page


@pytest.fixture(scope="module")
def browser():
    if not all(PROGRAMS):
        pytest.skip(MISSING)
    one = Browser()
    yield one
    one.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_a_browser_it_is_styled_readable_and_without_complaint(browser, tmp_path, scheme):
    path = tmp_path / "certificate.html"
    path.write_text(page_text(mixed()), encoding="utf-8")
    browser.emulate(scheme=scheme)
    browser.open(path)
    assert browser.complaints() == []
    assert browser.text("#verdict strong") == "INCOMPLETE"
    size = browser.run("return parseFloat(getComputedStyle(document.querySelector('#verdict strong')).fontSize)")  # fmt: skip
    assert size >= 40, "big letters"
    pairs = [("ink", "ground"), ("ink", "raised"), ("soft", "ground"), ("soft", "raised")]
    pairs += [(name, f"{name}-ground") for name in ("good", "warn", "bad")]
    for ink, ground, contrast in browser.contrasts(pairs):
        assert contrast >= 4.5, (ink, ground)
    assert EVIL in browser.text("main"), "shown as it is called"
    wide = browser.run("return document.documentElement.scrollWidth <= innerWidth")
    assert wide, "nothing sticks out"
