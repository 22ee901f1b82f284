"""A small organisation on a hand-moved clock, and httpx in front of it, for the tests of the fake."""

import re

import httpx

from sim.audio import Recording
from sim.ucaas.faults import Fault, Target
from sim.ucaas.http import MemoryTransport
from sim.ucaas.webex.instants import millis_text
from sim.ucaas.webex.oauth import ClientApp
from sim.ucaas.webex.scripts import CallScript, Leg, RecordingScript
from sim.ucaas.webex.service import FakeWebex
from tests.sim.ucaas.fakes import START_US, HandClock

HOST = "https://webexapis.com"
API = f"{HOST}/v1"
HISTORY = "https://analytics-calling.webexapis.com/v1"
TOKEN_URL = f"{API}/access_token"
AUDIO = Recording("small.mp3", 9.0, b"\xff\xf3" + bytes(range(256)) * 300)
ALPHA = ClientApp("alpha", "secret-a", "refresh-a")
CLIENTS = (
    ALPHA,
    ClientApp("beta", "secret-b", "refresh-b"),
    ClientApp("boss", "secret-c", "refresh-c", role="admin"),
    ClientApp("ada", "secret-d", "refresh-d", role="user", person=0, history=False),
)
NEXT = re.compile(r'<([^>]*)>; ?rel="next"')


class Fake:
    """The service, its clock and a client that carries alpha's token."""

    def __init__(self, **options):
        self.clock = HandClock()
        options.setdefault("clients", CLIENTS)
        self.service = FakeWebex(
            now_us=self.clock, monotonic_ns=lambda: self.clock.now_us * 1000, **options
        )
        self.transport = MemoryTransport(handle=self.service.handle, wait=self.clock.wait)
        self.bare = httpx.Client(transport=self.transport, timeout=5.0)
        self.http = self.as_client("alpha")

    def as_client(self, name):
        made = httpx.Client(transport=self.transport, timeout=5.0)
        (app,) = (app for app in CLIENTS if app.client_id == name)
        answer = self.refresh(app)
        assert answer.status_code == 200, answer.text
        made.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return made

    def refresh(self, app=ALPHA, **more):
        form = {
            "grant_type": "refresh_token",
            "client_id": app.client_id,
            "client_secret": app.secret,
            "refresh_token": app.refresh_token,
        }
        return self.bare.post(TOKEN_URL, data=form | more)

    def get(self, path, *, client=None, headers=None, **parameters):
        """`from_` stands for the parameter `from`."""
        asked = {name.rstrip("_"): value for name, value in parameters.items()}
        url = path if path.startswith("https://") else f"{API}/{path}"
        return (client or self.http).get(url, params=asked or None, headers=headers)

    def listing(self, **parameters):
        return self.get("admin/convergedRecordings", **parameters)

    def ids(self, **parameters):
        """Of all pages."""
        answer, found = self.listing(**parameters), []
        while True:
            assert answer.status_code == 200, answer.text
            found += [item["id"] for item in answer.json()["items"]]
            following = next_link(answer)
            if following is None:
                return found
            answer = self.http.get(following)

    def details(self, key, **more):
        return self.get(f"convergedRecordings/{key}", **more)

    def place(self, *recordings, ends_in_s=0.0, legs=None, wait_s=60.0, **more):
        """One call; the clock moves until its recordings are there."""
        script = CallScript(
            end_us=self.clock.now_us + int(ends_in_s * 1e6),
            legs=legs or (Leg(0, 20.0),),
            recordings=recordings or (RecordingScript(AUDIO),),
            **more,
        )
        (placed,) = self.service.place([script])
        self.clock.go(ends_in_s + wait_s)
        self.service.advance()
        return placed

    def key(self, *recordings, **more):
        (key,) = self.place(*recordings, **more).recordings
        return key

    def fault(self, kind, *requests, count=None, client="", item="", **parameters):
        target = Target(requests, client, item)
        return self.service.add_fault(Fault(kind, target, count, None, parameters))

    def truth(self, key):
        (item,) = (item for item in self.service.truth() if item.key == key)
        return item


def next_link(answer):
    found = NEXT.search(answer.headers.get("link", ""))
    return found and found[1]


def recording(**more):
    return RecordingScript(AUDIO, **more)


def at(seconds):
    """An instant so long after the begin, as a parameter."""
    return millis_text(START_US + int(seconds * 1e6))
