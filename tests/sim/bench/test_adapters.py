import json

import pytest

from sim.bench import adapters
from sim.bench.adapter_worlds import adapter_worlds
from sim.bench.big_file import big_content, figures, stream

STEPS = ("list", "describe", "skip")


def test_every_adapter_and_step_has_its_figures(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    path = adapters.run(12, 0, [])

    rows = json.loads(path.read_text())["rows"]
    assert [(row["adapter"], row["step"]) for row in rows] == [
        (kind, step) for kind in ("dynamics", "zoom", "webex") for step in STEPS
    ]
    assert all(row["items"] == 12 for row in rows)
    assert all(row["items_per_s"] >= row["with_fake_per_s"] > 0 for row in rows)
    assert all((row["calls_per_item"] == 0) == (row["step"] == "skip") for row in rows)
    assert "dynamics" in capsys.readouterr().out


def test_a_world_offers_what_was_placed():
    for world in adapter_worlds(3):
        page = world.source.list_items(world.window, None)
        assert len({ref.key for ref in page.items}) == 3
        assert world.transport.calls > 0
        world.source.close()


@pytest.mark.parametrize("size_bytes", [5, 1_000_000, 3_000_001])
def test_a_large_file_has_exactly_its_size_and_is_held_once(size_bytes):
    content = big_content(size_bytes)

    assert content.size_bytes == size_bytes
    assert len({id(part) for part in content.parts[:-1]}) <= 1


def test_memory_is_told_by_its_peak_and_by_what_the_second_half_added():
    looks = [100_000_000, 120_000_000, 121_000_000, 121_000_000, 125_000_000, 122_000_000]

    row = figures(looks, 50_000_000, 2.0)

    assert row == {
        "mb_per_s": 25.0,
        "rss_before_mb": 100.0,
        "rss_peak_mb": 125.0,
        "grown_in_second_half_mb": 4.0,
        "looks": 6,
    }


@pytest.mark.process
@pytest.mark.parametrize("fetcher", ["httpx", "fast"])
def test_the_memory_of_a_large_download_stays_flat(tmp_path, fetcher):
    row = stream(tmp_path / "big", 120_000_000, fetcher)

    assert row["rss_peak_mb"] - row["rss_before_mb"] < 60
    assert row["rss_peak_mb"] < 200
