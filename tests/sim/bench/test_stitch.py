import json

import pytest

from sim.bench.stitch import pieces, ran, repeated, run


def test_recordings_overlap_once_and_leave_one_gap():
    first, second, third = pieces(300)

    assert first.seconds - second.start_s == 30
    assert third.start_s - second.start_s - second.seconds == 20
    assert third.start_s + third.seconds == 300
    assert len(repeated(b"x" * 144, 9)) == 36_000


def test_the_benchmark_of_stitching_tells_both_programs_and_writes_its_figures(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("sim.bench.stitch.WIDTH", 320)
    monkeypatch.setattr("sim.bench.stitch.HEIGHT", 192)
    monkeypatch.setattr("sim.bench.stitch.LOOP_S", 6)

    rows = run([120], 1, tmp_path)

    assert rows[0]["name"] == "tandem worker"
    assert rows[0]["x_real_time"] > 1
    assert 30 < rows[0]["peak_mb"] < 1_000
    assert all(row["x_ffmpeg"] > 0 for row in rows if len(rows) > 1)
    assert json.loads((tmp_path / "stitch.json").read_text())["rows"] == rows


def test_a_program_is_not_charged_with_the_memory_of_whoever_starts_it():
    held = bytearray(200_000_000)

    told = ran(["cat"], lambda pid: b"%d" % pid)

    assert len(held) > told.peak_mb * 1_000_000
    assert int(told.said) > 1


def test_a_program_that_fails_says_why():
    with pytest.raises(RuntimeError, match=r"sh ended with 3: no way"):
        ran(["sh", "-c", "echo no way >&2; exit 3"])
