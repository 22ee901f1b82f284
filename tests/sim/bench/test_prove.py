import json

from sim.bench.prove import run


def test_a_small_day_gives_every_figure(tmp_path, capsys):
    rows = run(60, None, 100, tmp_path)
    assert [row["name"] for row in rows][:2] == ["make, sign and keep", "write as JSON"]
    assert len(rows) == 10
    assert all(row["items"] == 60 and row["seconds"] >= 0 for row in rows)
    kept = json.loads((tmp_path / "prove.json").read_text())
    assert kept["rows"] == rows
    assert "A certificate of a day (sqlite)" in capsys.readouterr().out
