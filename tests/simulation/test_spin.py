import json
import os

import pytest

from sim.spin import __main__ as command
from sim.spin.catalogue import Case, cases
from sim.spin.checker import MODELS, SpinFailed, missing_programs, read_verdict
from tests.simulation.spun import searched

CASES = tuple(cases())
LONG = pytest.mark.skipif(
    os.environ.get("TANDEM_LONG_TESTS") != "1",
    reason="visits more than a million states; `make test-long` runs it",
)
SLOW = ("COUNT_ON_ALONE", "ANY_DIGIT", "UNKNOWN_IS_NO", "GAP_ACCEPTED")
"""These errors lie deep; the replays of the models' walks by the code meet three of them each time."""
SEARCHED = [
    pytest.param(case, id=case.name, marks=[LONG] if case.flag in SLOW else []) for case in CASES
]
needs_spin = pytest.mark.skipif(
    bool(missing_programs()), reason=f"not installed: {', '.join(missing_programs())}"
)
SAID = """
(Spin Version 6.5.2 -- 6 December 2019)
State-vector 80 byte, depth reached 88, errors: 0
  1489376 states, stored
pan: elapsed time 3.22 seconds
"""


@needs_spin
@pytest.mark.parametrize("case", SEARCHED)
def test_the_protocol_holds_and_every_deliberate_error_is_caught(case):
    verdict = searched(case)
    assert verdict.as_expected, verdict.broken
    if case.flag:
        assert verdict.broken
        assert verdict.story, "a counterexample tells what happened"
    else:
        assert verdict.states > 10_000, "the world is large enough to mean something"


def test_no_two_cases_are_the_same():
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_flag_changes_its_model(case):
    text = (MODELS / f"{case.model}.pml").read_text("utf-8")
    assert case.flag in text
    if case.flag:
        assert (
            f"def {case.flag}\n" in text.replace("ndef", "def") or f"defined({case.flag})" in text
        )
        assert f"     {case.flag} " in text, "its meaning is told at the head of the model"


def test_the_figures_of_a_search_are_read():
    verdict = read_verdict(Case("m"), SAID)
    assert (verdict.states, verdict.depth, verdict.seconds) == (1489376, 88, 3.22)
    assert verdict.holds
    assert verdict.as_expected


def test_an_error_in_a_model_as_it_is_meant_is_unexpected():
    said = SAID.replace("errors: 0", "errors: 1") + "pan:1: assertion violated (w<1) (at depth 3)\n"
    verdict = read_verdict(Case("m"), said)
    assert not verdict.as_expected
    assert verdict.broken == "assertion violated (w<1)"
    assert read_verdict(Case("m", "FLAG"), said).as_expected


def test_an_error_that_is_not_found_is_unexpected():
    assert not read_verdict(Case("m", "FLAG"), SAID).as_expected


@pytest.mark.parametrize("said", ["error: max search depth too small\n" + SAID, "nonsense"])
def test_a_search_that_was_cut_short_is_no_verdict(said):
    with pytest.raises(SpinFailed, match=r"^m F: "):
        read_verdict(Case("m", "F"), said)


@needs_spin
def test_the_command_prints_a_table_and_writes_what_it_found(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "RESULT", tmp_path / "var" / "spin.json")
    assert command.main(["--only", "OPEN_BOUND", "--story"]) == 0
    printed = capsys.readouterr()
    assert "OPEN_BOUND" in printed.out
    assert "caught" in printed.out
    assert "page_2" in printed.err
    rows = json.loads((tmp_path / "var" / "spin.json").read_text())
    assert [(row["flag"], row["verdict"]) for row in rows] == [("OPEN_BOUND", "caught")]


@needs_spin
def test_the_command_fails_when_a_verdict_is_not_the_expected_one(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "RESULT", tmp_path / "spin.json")
    monkeypatch.setattr(
        command, "cases", lambda: [Case("watermark", "NO_SUCH_FLAG", ("REIGNS=0", "CRASHES=0"))]
    )
    assert command.main([]) == 1
    assert "NO" in capsys.readouterr().out


def test_the_command_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(command, "missing_programs", lambda: ("spin",))
    assert command.main([]) == 2
    assert "apt-get install" in capsys.readouterr().out


def test_a_name_that_no_case_has_is_refused_with_those_there_are(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "RESULT", tmp_path / "spin.json")
    with pytest.raises(SystemExit) as refused:
        command.main(["--only", "nothing"])
    printed = capsys.readouterr()
    assert (refused.value.code, printed.out) == (2, "")
    assert "no case has 'nothing' in its name" in printed.err
    assert "watermark OPEN_BOUND" in printed.err
    assert not (tmp_path / "spin.json").exists()
