"""A small environment on a hand-moved clock, and httpx in front of it, for the tests of the fake."""

from dataclasses import dataclass, field

import httpx

from sim.audio import Recording
from sim.ucaas.dynamics.entra import ClientApp
from sim.ucaas.dynamics.scripts import CallScript, Leg, RecordingScript
from sim.ucaas.dynamics.service import FakeDynamics
from sim.ucaas.http import MemoryTransport
from tests.sim.ucaas.written import as_written

START_US = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
ORG = "https://contoso.crm.dynamics.com"
API = f"{ORG}/api/data/v9.2"
TOKEN_URL = "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token"
AUDIO = Recording("small.mp3", 9.0, bytes(range(256)) * 300)
CLIENTS = (ClientApp("alpha", "secret-a"), ClientApp("beta", "secret-b"))


@dataclass
class HandClock:
    now_us: int = START_US
    waits: list[float] = field(default_factory=list)

    def __call__(self):
        return self.now_us

    def wait(self, seconds):
        self.waits.append(seconds)
        self.now_us += int(seconds * 1e6)

    def go(self, seconds):
        self.now_us += int(seconds * 1e6)


class Fake:
    """The service, its clock and a client that carries a token."""

    def __init__(self, **options):
        self.clock = HandClock()
        options.setdefault("clients", CLIENTS)
        self.service = FakeDynamics(
            now_us=self.clock, monotonic_ns=lambda: self.clock.now_us * 1000, **options
        )
        transport = MemoryTransport(handle=as_written(self.service.handle), wait=self.clock.wait)
        self.bare = httpx.Client(transport=transport, timeout=5.0)
        self.http = httpx.Client(transport=transport, timeout=5.0)
        self.login()

    def login(self, client="alpha", secret=CLIENTS[0].secret, **more):
        answer = self.bare.post(TOKEN_URL, data=token_form(client, secret) | more)
        if answer.is_success:
            self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return answer

    def get(self, path, **headers):
        return self.http.get(f"{API}/{path}", headers=headers)

    def rows(self, path, **headers):
        answer = self.get(path, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]

    def place(self, *recordings, ends_in_s=0.0, legs=None, **more):
        """One call; the clock moves until its recordings are there."""
        script = CallScript(
            end_us=self.clock.now_us + int(ends_in_s * 1e6),
            legs=legs or (Leg(0, 20.0),),
            recordings=recordings or (RecordingScript(AUDIO),),
            **more,
        )
        (placed,) = self.service.place([script])
        self.clock.go(ends_in_s + 5)
        self.service.advance()
        return placed

    def sas(self, key, client=None):
        path = f"GetFileSasUrl(Target=@p1,FileAttributeName='msdyn_recording')?@p1={{'@odata.id':'msdyn_ocrecordings({key})'}}"
        return (client or self).get(path)


def token_form(client="alpha", secret=CLIENTS[0].secret, scope=f"{ORG}/.default"):
    return {
        "grant_type": "client_credentials",
        "client_id": client,
        "client_secret": secret,
        "scope": scope,
    }
