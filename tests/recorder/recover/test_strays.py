"""Objects without a row, when there are more than one comparison looks for."""

from tests.recorder.recover.reconciling import DAY_S, Bench


def test_what_was_not_looked_for_because_there_are_too_many_is_not_over(monkeypatch):
    bench = Bench()
    monkeypatch.setattr("recorder.recover.reconcile_jobs.STRAYS_MAX", 2)
    for key in ("dyn/m", "dyn/n"):
        bench.objects.objects[key] = b"x"
    bench.grant()
    bench.run(3600)
    assert sorted(bench.open()) == ["dyn/m", "dyn/n"]
    for key in ("dyn/a", "dyn/b"):  # they come first from now on
        bench.objects.objects[key] = b"x"
    bench.run(8 * DAY_S)
    assert sorted(bench.open()) == ["dyn/a", "dyn/b", "dyn/m", "dyn/n"]
    del bench.objects.objects["dyn/m"]
    bench.run(8 * DAY_S)
    assert sorted(bench.open()) == ["dyn/a", "dyn/b", "dyn/n"]
