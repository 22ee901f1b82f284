from recorder.findings import FINDINGS_MAX, FindingBook
from recorder.model import Finding, Level


def finding(code: str, level: Level = Level.WARNING, subject: str = "dynamics") -> Finding:
    return Finding(code, level, subject, "what", "hint")


def test_a_refreshed_finding_keeps_the_time_it_began():
    book = FindingBook()
    assert book.open(finding("poll_failing"), now_us=5)
    assert not book.open(finding("poll_failing", Level.ERROR), now_us=9)
    assert [(f.since_us, f.level) for f in book.all()] == [(5, Level.ERROR)]


def test_findings_are_told_worst_first_then_oldest_first():
    book = FindingBook()
    book.open(finding("c"), 1)
    book.open(finding("b", Level.ERROR), 3)
    book.open(finding("a", Level.ERROR), 2)
    assert [f.code for f in book.all()] == ["a", "b", "c"]


def test_closing_what_is_not_open_is_harmless():
    assert FindingBook().close("x", "y") is None


def test_one_code_may_be_open_for_two_subjects():
    book = FindingBook()
    book.open(finding("x", subject="a"), 1)
    book.open(finding("x", subject="b"), 1)
    assert book.close("x", "a") is not None
    assert [f.subject for f in book.all()] == ["b"]


def test_a_flood_of_findings_is_bounded():
    book = FindingBook()
    for number in range(FINDINGS_MAX + 10):
        book.open(finding("x", subject=str(number)), number)
    assert len(book.all()) == FINDINGS_MAX
