"""The benchmark of three sources: on a few minutes."""

from sim.bench.mixed import SOURCES, faults, rows_of


def test_a_short_hour_has_less_of_the_faults():
    assert faults(1) == ()
    assert len(faults(12)) == 2
    assert len(faults(60)) > 10


def test_every_source_is_counted_and_every_promise_kept():
    rows, whole = rows_of("calm", 6.0, 4.0, ())
    assert [row["source"] for row in rows] == list(SOURCES)
    assert all(row["archived"] > 5 for row in rows)
    assert all(row["api_calls"] > row["listings"] > 0 for row in rows)
    assert whole["broken"] == []
    assert whole["simulated_s"] > 360
