from dataclasses import replace

import pytest
from rich.console import Console

from sim.show import display
from sim.show.display import EVENTS_SHOWN, LINE_EVERY_S, Picture, SourcePicture, open_display

ALPHA = {
    "node": "alpha",
    "role": "primary",
    "term": 3,
    "lag_seconds": 65.0,
    "queue_depth": 2,
    "queue_depth_max": 24,
    "archived": 7,
}
BETA = {"node": "beta", "role": "down"}


WELL = SourcePicture("dynamics", "alpha", 6, 5, 0, "polling", 3.0, 1)
ILL = SourcePicture("zoom", "alpha", 4, 2, 1, "waiting", 65.0, 2, "asked for patience")


def picture(at_s=0.0, nodes=(ALPHA, BETA), failed=0, sources=()):
    return Picture(nodes=nodes, offered=10, archived=7, failed=failed, at_s=at_s, sources=sources)


@pytest.fixture
def lines(capsys):
    """A display that is no terminal, and what it said."""

    def said():
        return capsys.readouterr().out.splitlines()

    shown = open_display()
    yield shown, said
    shown.close()


def test_an_event_is_a_line_with_its_time(lines):
    shown, said = lines
    shown.event(12.34, "starting")
    assert said() == ["  12.3 s  starting"]


def test_a_line_names_roles_terms_and_calls(lines):
    shown, said = lines
    shown.show(picture(1.0))
    (line,) = said()
    assert "alpha primary (term 3), beta down · calls: 10 offered, 7 archived" in line


def test_failures_are_named_only_when_there_are_any(lines):
    shown, said = lines
    shown.show(picture(1.0, failed=2))
    assert said()[0].endswith("7 archived, 2 failed for now")


def test_nothing_is_said_again_until_some_time_has_passed(lines):
    shown, said = lines
    for at_s in (1.0, 1.2, 1.0 + LINE_EVERY_S - 0.1):
        shown.show(picture(at_s))
    assert len(said()) == 1
    shown.show(picture(1.0 + LINE_EVERY_S))
    assert len(said()) == 1


def test_a_change_of_roles_is_said_at_once(lines):
    shown, said = lines
    shown.show(picture(1.0))
    shown.show(picture(1.1, nodes=(ALPHA, BETA | {"role": "secondary"})))
    assert "beta secondary" in said()[-1]


def test_several_sources_are_told_one_by_one(lines):
    shown, said = lines
    shown.show(picture(1.0, sources=(WELL, WELL)))
    assert said()[0].endswith("7 archived (dynamics 5/6, dynamics 5/6)")


def test_one_source_is_told_by_the_totals(lines):
    shown, said = lines
    shown.show(picture(1.0, sources=(WELL,)))
    assert said()[0].endswith("7 archived")


def test_an_error_of_a_source_is_told_once_and_so_is_its_end(lines):
    shown, said = lines
    shown.show(picture(1.0, sources=(WELL, ILL)))
    shown.show(picture(1.1, sources=(WELL, ILL)))
    shown.show(picture(1.2, sources=(WELL, replace(ILL, last_error=""))))
    _, ill, well = said()
    assert ill.endswith("zoom: asked for patience")
    assert well.endswith("zoom: well again")


def test_a_terminal_gets_a_live_table(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    shown = open_display()
    try:
        assert isinstance(shown, display._LiveDisplay)
        shown.show(picture())
        shown.event(1.0, "kill -9 alpha")
    finally:
        shown.close()
    assert "kill -9 alpha" in capsys.readouterr().out


def rendered(shown):
    console = Console(width=100, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(shown)
    return captured.get().splitlines()


def test_the_table_shows_figures_and_leaves_unknown_ones_empty():
    head, alpha, beta, *_ = rendered(display._table(picture()))
    assert head.split() == ["Node", "Role", "Term", "Lag", "Queue", "Archived", "here"]
    assert alpha.split() == ["alpha", "primary", "3", "1m05s", "2/24", "7"]
    assert beta.split() == ["beta", "down", "?"]


def test_the_table_of_sources_shows_lag_queue_and_last_error():
    head, well, ill, *_ = rendered(display._sources_table(picture(sources=(WELL, ILL))))
    assert head.split() == [
        "Source",
        "Polled",
        "by",
        "State",
        "Lag",
        "Queue",
        "Archived",
        "Last",
        "error",
    ]
    assert well.split() == ["dynamics", "alpha", "polling", "3s", "1", "5", "of", "6"]
    assert ill.split() == [
        "zoom",
        "alpha",
        "waiting",
        "1m05s",
        "2",
        "2",
        "of",
        "4",
        "asked",
        "for",
        "patience",
    ]


def test_the_live_display_keeps_the_newest_events():
    shown = display._LiveDisplay()
    try:
        for number in range(EVENTS_SHOWN + 3):
            shown.event(number, f"event {number}")
        told = rendered(shown._group())
    finally:
        shown.close()
    assert len(told) == EVENTS_SHOWN
    assert told[-1].endswith(f"event {EVENTS_SHOWN + 2}")
