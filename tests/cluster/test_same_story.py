"""The two runtimes are one to a behaviour."""

from tests.contract.hosts import RealHost, SimHost
from tests.story import tell_story


def test_the_same_story_is_seen_on_threads_and_in_the_simulator():
    real_host, seen = RealHost(), []
    seen.append(tell_story(real_host))
    real_host.close()
    for seed in range(20):
        sim_host = SimHost(seed)
        seen.append(tell_story(sim_host))
        sim_host.close()
    assert seen[0]["notes"] == {
        "metronome": ["metronome starts", *(f"beat {n}" for n in range(1, 6)), "metronome stops"],
        "calculator": ["calculator starts", "calculator stops"],
        "ledger": [
            "ledger starts",
            "1² = 1",
            "2² = 4",
            "3² = 9",
            "4: four is out of order",
            "5² = 25",
            "ledger stops",
        ],
    }
    assert [entry.number for entry in seen[0]["answer"]] == [1, 2, 3, 4, 5]
    assert seen[0]["dead letters"] == 3
    assert seen[0]["crashes"] == []
    assert seen[1:] == seen[:1] * 20
