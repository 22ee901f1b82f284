"""Webhooks that say something of agents: kept before they are answered, and never logged."""

from recorder.desk.control import OpenSource
from recorder.scn.messages import AskStates
from recorder.webhooks import WebhookAnswer
from tests.recorder.fake_node import FakeNode
from tests.recorder.screen.agents import K, event
from tests.recorder.web.test_webhook_routes import results

PATH = "/api/recording/cti/v1/MicrosoftDynamicsOmnichannelAdapter"


class Telling:
    """A source whose messages say what the test wants; the secret is in the address."""

    def __init__(self, **answer):
        self.answer = WebhookAnswer(200, **answer)
        self.requests = []

    def hear(self, request):
        self.requests.append(request)
        return self.answer if request.query.get("code") == "secret" else WebhookAnswer(401)


class OneApp(FakeNode):
    """Whoever asks it, asks the same web application."""

    app = None

    def client(self, token=None):
        self.app = self.app or super().client(token)
        return self.app


def node_with(source):
    return OneApp(sources={"crm": OpenSource("dynamics", source)})


def post(node, path=f"{PATH}?code=secret"):
    return node.client().post(path, content=b"{}")


def test_events_are_kept_before_they_are_answered():
    node = node_with(Telling(agent_events=(event(K.RINGING, 0),)))
    assert post(node).status_code == 200
    (heard,) = node.ris.messages
    assert heard.events == (event(K.RINGING, 0),)
    assert not heard.from_peer
    assert results(node)["crm", "agent"] == 1


def test_events_that_nobody_can_keep_are_not_answered_well():
    node = node_with(Telling(agent_events=(event(K.RINGING, 0),)))
    node.ris.full = True
    assert post(node).status_code == 503
    assert results(node)["crm", "failed"] == 1


def test_a_message_that_is_not_whole_makes_the_node_ask():
    node = node_with(Telling(ask_states=True))
    assert post(node).status_code == 200
    assert node.states.messages == [AskStates("crm")]
    assert node.ris.messages == []


def test_a_wrong_secret_tells_nothing():
    node = node_with(Telling(agent_events=(event(K.RINGING, 0),), ask_states=True))
    assert post(node, f"{PATH}?code=wrong").status_code == 401
    assert node.ris.messages == node.states.messages == []


def test_the_secret_in_the_address_shows_nowhere():
    source = Telling()
    node = node_with(source)
    post(node)
    assert "secret" not in repr(source.requests[0])
    assert "secret" not in node.client().get("/metrics").text


def test_a_node_without_a_ris_answers_all_the_same():
    node = node_with(Telling(agent_events=(event(K.RINGING, 0),)))
    node.ris = node.states = None
    assert post(node).status_code == 200
