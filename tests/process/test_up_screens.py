"""`tandem up --screens`, as a stranger runs it: the first replay, and whether its picture and its sound are in step."""

import io
import re
import signal
import subprocess
import sys
from pathlib import Path

import av
import httpx
import numpy as np
import pytest

from sim.desk.display import MISSING, can_show
from sim.desk.on_the_phone import BAR_LEFT, BAR_TOP, EVERY_MS
from tests.process.world import LONG
from tests.waiting import wait_until

pytestmark = [pytest.mark.process, LONG, pytest.mark.skipif(not can_show(), reason=MISSING)]
ROOT = Path(__file__).parents[2]
PROMISED_S = 120.0
REPLAY = re.compile(r"replay of [\w ]+: (http://[\d.:]+)/app/contact\?id=(\S+)")
APART_MAX = 5
"""Of EVERY_MS: five pictures a second are grabbed of a bar that is drawn ten times a second."""
SMOOTH = np.ones(10) / 10


@pytest.fixture
def show(tmp_path):
    """A running show; gives its folder and what it said."""
    said = tmp_path / "said"
    words = ["up", "--screens", "--directory", str(tmp_path / "up"), "--calls-per-minute", "6"]
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "recorder.cli.main", *words], cwd=ROOT, stdout=out, stderr=out
        )
    yield tmp_path / "up", said
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0, said.read_text(encoding="utf-8")


def heard(media):
    """How loud each EVERY_MS is, 0 to 1."""
    with av.open(io.BytesIO(media)) as container:
        rate = container.streams.audio[0].rate
        parts = [np.abs(one.to_ndarray()).mean(axis=0) for one in container.decode(audio=0)]
    samples = np.concatenate(parts)
    each = rate * EVERY_MS // 1000
    levels = samples[: len(samples) // each * each].reshape(-1, each).mean(axis=1)
    return levels / levels.max()


def seen(media, count):
    """How long the bar in the picture is at each EVERY_MS, 0 to 1."""
    lengths = np.zeros(count)
    with av.open(io.BytesIO(media)) as container:
        for frame in container.decode(video=0):
            row = frame.to_ndarray(format="rgb24")[BAR_TOP + 12, BAR_LEFT:]
            lengths[int(frame.time * 1000 / EVERY_MS) :] = (
                (row[:, 0] > 180) & (row[:, 2] < 120)
            ).sum()
    return lengths / lengths.max()


def apart(one, other):
    """By how many EVERY_MS `other` has to be moved to be most like `one`."""
    likeness = {
        by: np.corrcoef(one[20:-20], np.roll(other, by)[20:-20])[0, 1] for by in range(-15, 16)
    }
    return max(likeness, key=likeness.get), max(likeness.values())


@pytest.mark.timeout(300)
def test_within_two_minutes_a_whole_interaction_is_replayed_with_picture_and_sound_in_step(show):
    folder, said = show
    wait_until(
        lambda: REPLAY.search(said.read_text(encoding="utf-8")), PROMISED_S, "a replay", every_s=0.5
    )
    url, contact = REPLAY.search(said.read_text(encoding="utf-8")).groups()
    token = (folder / "token").read_text(encoding="utf-8")
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as node:
        rendition = node.get(f"/api/v1/contacts/{contact}/replay").json()["rendition"]
        assert rendition["has_screen"]
        assert rendition["has_audio"]
        address = f"/api/v1/contacts/{contact}/renditions/{rendition['number']}/media"
        media = node.get(address).raise_for_status().content
    sound = heard(media)
    picture = seen(media, len(sound))
    by, likeness = apart(np.convolve(sound, SMOOTH, "same"), np.convolve(picture, SMOOTH, "same"))
    assert abs(by) <= APART_MAX
    assert likeness > 0.6
    assert "token is in" in said.read_text(encoding="utf-8")
