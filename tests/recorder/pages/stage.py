"""A node with contacts worth looking at: screen and sound, sound only, screen only, text only, none, broken."""

import hashlib
import json
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from recorder.desk.control import NamedToken
from recorder.desk.replay import Replay, ReplayState
from recorder.model import Interaction, ItemRef, MediaKind, MediaRef, Segment, StoredMedia
from recorder.scn.model import Rendition
from recorder.stitch.timeline import Peaks
from tests.recorder.fake_node import FakeNode
from tests.recorder.fakes import buffered
from tests.recorder.pages.script import BEGAN_US, LENGTH_S, PARTIES, several, timeline

RATE = 48_000
SIZE = (640, 360)
"""Of the screen."""
TONES = (440.0, 880.0)
"""Of the two halves, left; the right channel is an octave lower."""


def rendition(*, screen=True, sound=True, length_s=LENGTH_S, turn=0):
    """A WebM like those that are stitched: the picture is another colour each second, the tone rises in the middle.

    `turn` gives another screen other colours.
    """
    with tempfile.NamedTemporaryFile(suffix=".webm") as file:
        _encode(file.name, screen=screen, sound=sound, length_s=length_s, turn=turn)
        return Path(file.name).read_bytes()


def _encode(path, *, screen, sound, length_s, turn):
    with av.open(path, "w", format="webm", options={"cues_to_front": "1"}) as out:
        audio = out.add_stream("libopus", rate=RATE, layout="stereo")
        video = None
        if screen:
            video = out.add_stream(
                "libvpx-vp9", rate=5, options={"cpu-used": "8", "deadline": "realtime", "g": "10"}
            )
            video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
            video.time_base = Fraction(1, 1000)
        for second in range(length_s):
            if video is not None:
                for number in range(5):
                    picture = av.VideoFrame.from_ndarray(
                        _picture(second, number, turn), format="rgb24"
                    )
                    picture.pts, picture.time_base = second * 1000 + number * 200, Fraction(1, 1000)
                    out.mux(video.encode(picture))
            out.mux(audio.encode(_tone(second, length_s, sound=sound)))
        out.mux(audio.encode(None))
        if video is not None:
            out.mux(video.encode(None))


def _picture(second, number, turn):
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    picture[:] = np.array(colour(second, turn), np.uint8)
    picture[40:80, 40 + number * 40 : 80 + number * 40] = 255
    return picture


def colour(second, turn=0):
    """What a screen shows in this second."""
    rgb = ((37 * second) % 200 + 30, (83 * second) % 200 + 30, (151 * second) % 200 + 30)
    return rgb[turn:] + rgb[:turn]


def _tone(second, length_s, *, sound):
    pitch = TONES[second >= length_s / 2]
    at = (np.arange(RATE) + second * RATE) / RATE
    speech = 0.55 + 0.45 * np.sin(2 * np.pi * 1.7 * at)
    left = np.sin(2 * np.pi * pitch * at) * speech * (int(at[0]) // 4 % 2 == 0)
    right = np.sin(np.pi * pitch * at) * speech * (int(at[0]) // 4 % 2 == 1)
    both = np.stack([left, right], axis=1) * 9000 * sound
    frame = av.AudioFrame.from_ndarray(
        both.astype(np.int16).reshape(1, -1), format="s16", layout="stereo"
    )
    frame.sample_rate, frame.pts, frame.time_base = RATE, second * RATE, Fraction(1, RATE)
    return frame


def peaks(length_s=LENGTH_S, *, sound=True):
    """As the worker makes them."""
    values = np.arange(length_s * 50)
    shape = 60 + 50 * np.abs(np.sin(values * 0.37)) * np.abs(np.sin(values * 0.061))
    is_left = (values // 200) % 2 == 0
    data = tuple(
        tuple(int(one) for one in shape * mine * sound + 2 * sound) for mine in (is_left, ~is_left)
    )
    return Peaks(per_s=50, duration_ms=length_s * 1000, data=data)


class RenditionsAtHand:
    """The part of ScreenDb that pages use."""

    def __init__(self):
        self.rows = {}

    def renditions(self, contact_id):
        return tuple(self.rows.get(contact_id, ()))


class Stage(FakeNode):
    """A fake node whose contacts can be replayed."""

    def __post_init__(self):
        super().__post_init__()
        self.tokens = (
            NamedToken("coach", frozenset({"replay"}), lambda: "coach-token"),
            NamedToken("bi", frozenset({"das"}), lambda: "bi-token"),
        )
        self.screen_db = RenditionsAtHand()
        self.states = {}
        self.clock.wall = BEGAN_US + 3_600_000_000

    def control(self, web_url="http://127.0.0.1:1"):
        return replace(super().control(web_url), screen_db=self.screen_db, replay=self)

    def ask(self, contact_id):
        """As a ReplayDesk: what is set in `states`, else what was stitched."""
        made = self.screen_db.renditions(contact_id)
        newest = made[-1] if made else None
        state, message, hint = self.states.get(
            contact_id, (ReplayState.READY if made else ReplayState.NOTHING, "", "")
        )
        return Replay(contact_id, state, message, hint, newest, len(made))

    def record(self, key, parties=(), subject="", channel="voice", original=b"ID3 an original"):
        """One archived call; returns its contact id."""
        digest = hashlib.sha256(original).hexdigest()
        file = MediaRef(
            f"{key}-file",
            MediaKind.AUDIO,
            f"{key}.mp3",
            "audio/mpeg",
            len(original),
            digest,
            BEGAN_US,
        )
        item = replace(
            buffered(key),
            ref=ItemRef("zoom", key, "v1", BEGAN_US, f"session-{key}"),
            interaction=Interaction(
                key=f"call-{key}",
                session_key=f"session-{key}",
                channel=channel,
                direction="inbound",
                started_us=BEGAN_US,
                ended_us=BEGAN_US + LENGTH_S * 1_000_000,
                subject=subject,
                parties=tuple(parties),
                segments=(Segment(f"{key}-s1", BEGAN_US, BEGAN_US + 18_000_000, "answered", ()),),
                media=(file,),
                attributes={"queue": "claims"},
            ),
            media=(StoredMedia(file, len(original), digest, "audio/mpeg", "0f" * 16),),
        )
        place = f"zoom/{key}.mp3"
        self.objects.objects[place] = original
        self.contact_db.commit([item], [[place]])
        return self.contact_db.item("zoom", key)[0].contact_id

    def stitch(self, contact_id, timeline, media, shape, screens=()):
        """Put a rendition on record and into the archive; returns it. `screens` by the names of their objects."""
        number = len(self.screen_db.rows.get(contact_id, ())) + 1
        place = f"renditions/{contact_id}/{number:04d}"
        files = {
            "rendition.webm": media,
            "peaks.json": shape.model_dump_json().encode(),
            "timeline.json": json.dumps(timeline.model_dump(mode="json")).encode(),
        }
        self.objects.objects.update(screens)
        for name, data in files.items():
            self.objects.objects[f"{place}/{name}"] = data
        row = Rendition(
            contact_id=contact_id,
            number=number,
            digest=f"{number:064d}",
            media_type="video/webm",
            object_key=f"{place}/rendition.webm",
            size_bytes=len(media),
            sha256=hashlib.sha256(media).hexdigest(),
            peaks_key=f"{place}/peaks.json",
            timeline_key=f"{place}/timeline.json",
            duration_ms=timeline.duration_ms,
            has_screen=timeline.has_screen,
            has_audio=timeline.has_audio,
            made_us=BEGAN_US + 90_000_000,
            made_by=self.name,
        )
        self.screen_db.rows.setdefault(contact_id, []).append(row)
        return row


def staged():
    """Everything at once; returns the stage and contact ids by what is special about them."""
    stage = Stage()
    ids = {}

    def add(name, parties, subject="", *, screen=True, sound=True, **more):
        ids[name] = stage.record(name, parties, subject)
        if more.pop("ready", True):
            made = timeline(ids[name], screen=screen, sound=sound, **more)
            media = rendition(screen=screen, sound=sound)
            stage.stitch(ids[name], made, media, peaks(sound=sound))

    add("whole", PARTIES, "Claim 4711: wrong car")
    add("sound", PARTIES[:2], screen=False)
    add("screen", PARTIES[:1], sound=False, lines=())
    add("text", PARTIES[1:2], "Chat about a refund", screen=False, sound=False)
    add("making", PARTIES[:2], ready=False)
    add("failed", PARTIES[:2], ready=False)
    ids["several"] = stage.record("several", PARTIES[:2], "Two agents, three screens")
    made = several(timeline(ids["several"]))
    files = {
        one.file.object_key: rendition(sound=False, turn=number)
        for number, one in enumerate(made.screens)
    }
    stage.stitch(ids["several"], made, rendition(), peaks(), files)
    stage.states[ids["making"]] = (ReplayState.MAKING, "", "")
    hint = "Its originals can be played and saved all the same."
    stage.states[ids["failed"]] = (ReplayState.FAILED, "call.mp3: the file is no audio.", hint)
    return stage, ids
