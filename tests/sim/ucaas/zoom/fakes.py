"""A small account on a hand-moved clock, and httpx in front of it, for the tests of the fake."""

from urllib.parse import quote

import httpx

from sim.audio import Recording
from sim.ucaas.faults import Fault, Target
from sim.ucaas.http import MemoryTransport
from sim.ucaas.zoom.instants import instant_text
from sim.ucaas.zoom.oauth import ClientApp
from sim.ucaas.zoom.scripts import FileScript, MeetingScript
from sim.ucaas.zoom.service import ACCOUNT, FakeZoom
from tests.sim.ucaas.fakes import HandClock

API = "https://api.zoom.us/v2"
TOKEN_URL = "https://zoom.us/oauth/token"
SOUND = Recording("small.m4a", 9.0, b"\0\0\0\x18ftypM4A \0\0\0\0" + bytes(range(256)) * 40)
CLIENTS = (ClientApp("alpha", "secret-a"), ClientApp("beta", "secret-b"))
DAY_S = 86_400

AUDIO = FileScript(media=SOUND)


class Fake:
    """The service, its clock and a client that carries a token."""

    def __init__(self, **options):
        self.clock = HandClock()
        options.setdefault("clients", CLIENTS)
        self.service = FakeZoom(
            now_us=self.clock, monotonic_ns=lambda: self.clock.now_us * 1000, **options
        )
        transport = MemoryTransport(handle=self.service.handle, wait=self.clock.wait)
        self.bare = httpx.Client(transport=transport, timeout=5.0)
        self.http = httpx.Client(transport=transport, timeout=5.0)
        self.login()

    def login(self, client="alpha", secret=CLIENTS[0].secret, account=ACCOUNT, **more):
        form = {"grant_type": "account_credentials", "account_id": account} | more
        answer = self.bare.post(TOKEN_URL, data=form, auth=(client, secret))
        if answer.is_success:
            self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return answer

    def place(self, *files, ends_in_s=0.0, after_s=10.0, **more):
        """One meeting; the clock moves on, by default until it is complete."""
        script = MeetingScript(
            end_us=self.clock.now_us + int(ends_in_s * 1e6), files=files or (AUDIO,), **more
        )
        (placed,) = self.service.place([script])
        self.clock.go(ends_in_s + after_s)
        self.service.advance()
        return placed

    def window(self, back_s=DAY_S, ahead_s=0.0):
        now_us = self.clock.now_us
        return {
            "from": instant_text(now_us - int(back_s * 1e6)),
            "to": instant_text(now_us + int(ahead_s * 1e6)),
            "query_date_type": "archive_complete_time",
        }

    def list(self, **parameters):
        return self.http.get(f"{API}/archive_files", params=self.window() | parameters)

    def meetings(self, **parameters):
        answer = self.list(**parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["meetings"]

    def meeting(self, uuid):
        return self.http.get(meeting_url(uuid))

    def fault(self, kind, *, requests=(), item="", count=None, **parameters):
        return self.service.add_fault(
            Fault(kind, Target(requests, "", item), count, parameters=parameters)
        )

    def truth(self):
        return {item.key: item for item in self.service.truth()}


def meeting_url(uuid):
    """As the documentation wants it: encoded twice where it must be."""
    segment = quote(uuid, safe="")
    if uuid.startswith("/") or "//" in uuid:
        segment = quote(segment, safe="")
    return f"{API}/past_meetings/{segment}/archive_files"
