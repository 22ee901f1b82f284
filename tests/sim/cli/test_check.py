"""`tandem sim check` as a person or a script calls it; what it finds is told in tests/sim/checkers."""

import json

import pytest

from recorder.cli.main import run
from recorder.tracing.rows import TraceHeader, TraceKind, TraceRow, header_text, row_text

HEAD = header_text(TraceHeader(origin="alpha", build="1", began_us=10**15))
STARTED = row_text(TraceRow(1, 10, "alpha", TraceKind.LIFE, "started"))


@pytest.fixture
def check(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "alpha.trace").write_text(HEAD + STARTED)

    def call(*words):
        status = run(["sim", "check", *words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def test_a_trace_in_which_nothing_is_broken_is_good(check):
    status, out, _ = check("alpha.trace", "--json")
    assert status == 0
    assert json.loads(out)["traces"] == [{"path": "alpha.trace", "origin": "alpha", "rows": 1}]


def test_without_a_trace_the_line_to_type_names_one(check):
    status, out, err = check()
    assert (status, out) == (2, "")
    assert "TRACE is missing" in err
    assert "`tandem sim check TRACE`" in err


def test_one_row_is_told_in_the_singular(check):
    assert check("alpha.trace")[1].startswith("1 row of alpha")


@pytest.mark.parametrize("torn", ["", STARTED[:20]])
def test_a_trace_without_a_whole_row_is_not_called_good(check, tmp_path, torn):
    (tmp_path / "bare.trace").write_text(HEAD + torn)
    status, out, err = check("bare.trace")
    assert (status, out) == (2, "")
    assert "bare.trace" in err
    assert "nothing to judge" in err


def test_a_trace_without_rows_may_stand_beside_one_with_some(check, tmp_path):
    (tmp_path / "bare.trace").write_text(HEAD)
    status, _, _ = check("alpha.trace", "bare.trace")
    assert status == 0


def test_a_trace_that_is_named_twice_is_refused_instead_of_judged_twice(check):
    status, out, err = check("alpha.trace", "./alpha.trace")
    assert (status, out) == (2, "")
    assert "alpha.trace: is named twice" in err


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"origin"', b"\xff\x00\x80"])
def test_what_is_no_trace_is_told_by_its_name(check, tmp_path, content):
    (tmp_path / "odd").write_bytes(content)
    status, out, err = check("alpha.trace", "odd")
    assert (status, out) == (2, "")
    assert "odd: " in err
    assert "write traces" in err


def test_a_line_that_is_no_row_is_told_by_its_number(check, tmp_path):
    (tmp_path / "odd").write_text(HEAD + STARTED + "rubbish\n" + STARTED)
    status, _, err = check("odd")
    assert status == 2
    assert "odd: line 3 is no row" in err
