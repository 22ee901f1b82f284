"""How the fake of each kind is served, and what the configuration of a node says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import httpx

from sim.served.source import ServedSource, ToServe
from sim.served.source_plan import NODES, SourcePlan, client_id, client_secret
from sim.ucaas.admin_client import SimAdmin
from sim.ucaas.dynamics import entra
from sim.ucaas.dynamics.hooks import Endpoint
from sim.ucaas.dynamics.serving import Urls, serve_dynamics
from sim.ucaas.webex import oauth as webex_oauth
from sim.ucaas.webex.center import Subscription
from sim.ucaas.webex.serving import serve_webex
from sim.ucaas.zoom import oauth as zoom_oauth
from sim.ucaas.zoom.manners import FILE
from sim.ucaas.zoom.serving import serve_zoom
from sim.ucaas.zoom.webhooks import Subscription as ZoomSubscription

DYNAMICS: Final = "dynamics"
ZOOM: Final = "zoom"
WEBEX: Final = "webex"


def client_apps() -> tuple[entra.ClientApp, ...]:
    """One Dynamics application per node, as an administrator would register them."""
    return tuple(entra.ClientApp(client_id(DYNAMICS, n), client_secret(DYNAMICS, n)) for n in NODES)


def dynamics_plan(urls: Urls, **keys: Any) -> SourcePlan:
    """The Dynamics environment at these addresses; `keys` are more of its table."""
    return SourcePlan(
        kind=DYNAMICS,
        keys={
            "org_url": urls.org,
            "authority": urls.authority,
            "tenant": urls.tenant,
            "media_hosts": ["127.0.0.1"],
            "requests_per_5min": 6000,
            **keys,
        },
        of_node={node: {"client_id": client_id(DYNAMICS, node)} for node in NODES},
        secrets={node: {"client_secret": client_secret(DYNAMICS, node)} for node in NODES},
    )


def _dynamics(wanted: ToServe) -> ServedSource:
    endpoint = None
    if wanted.hooks:
        endpoint = Endpoint(
            tuple(f"{url}?code={hook_secret(DYNAMICS, node)}" for node, url in wanted.hooks.items())
        )
    served = serve_dynamics(
        clients=client_apps(),
        audio=wanted.audio,
        port=wanted.port,
        endpoint=endpoint,
        live_calls=endpoint is not None,
    )
    plan = dynamics_plan(served.urls)
    if endpoint is not None:
        more = {node: {"webhook_secret": hook_secret(DYNAMICS, node)} for node in NODES}
        plan = replace(plan, secrets={node: {**plan.secrets[node], **more[node]} for node in NODES})
    return ServedSource(
        kind=DYNAMICS,
        base=served.urls.base,
        plan=plan,
        admin=SimAdmin(served.urls.base),
        end=served.stop,
        downloads=("blob", "value"),
        demo_mix={"longest_s": 300.0},
    )


def hook_secret(kind: str, node: str) -> str:
    """What the service signs the messages to a node with."""
    return f"{kind}-hook-secret-of-{node}"


def _zoom(wanted: ToServe) -> ServedSource:
    served = serve_zoom(
        clients=[zoom_oauth.ClientApp(client_id(ZOOM, n), client_secret(ZOOM, n)) for n in NODES],
        audio=wanted.audio,
        port=wanted.port,
        subscriptions=tuple(
            ZoomSubscription(url, hook_secret(ZOOM, node)) for node, url in wanted.hooks.items()
        ),
    )
    plan = SourcePlan(
        kind=ZOOM,
        keys={
            "account_id": served.urls.account,
            "api_url": served.urls.api,
            "oauth_url": served.urls.oauth,
            "media_hosts": ["127.0.0.1"],
            "requests_per_s": 80,
        },
        of_node={node: {"client_id": client_id(ZOOM, node)} for node in NODES},
        secrets={
            node: {
                "client_secret": client_secret(ZOOM, node),
                "webhook_secret": hook_secret(ZOOM, node),
            }
            for node in NODES
        },
    )
    return ServedSource(
        kind=ZOOM,
        base=served.urls.base,
        plan=plan,
        admin=SimAdmin(served.urls.base),
        end=served.stop,
        downloads=(FILE,),
        demo_mix={},
    )


def _refresh_token(node: str) -> str:
    return f"webex-refresh-token-of-{node}"


def _webex(wanted: ToServe) -> ServedSource:
    apps = [
        webex_oauth.ClientApp(client_id(WEBEX, n), client_secret(WEBEX, n), _refresh_token(n))
        for n in NODES
    ]
    served = serve_webex(
        clients=apps,
        audio=wanted.audio,
        port=wanted.port,
        live_calls=bool(wanted.hooks),
        contact_center=tuple(
            Subscription(url, hook_secret(WEBEX, node)) for node, url in wanted.hooks.items()
        )
        if wanted.hooks
        else None,
    )
    for node, url in wanted.hooks.items():
        _register(served.urls.api, node, url)
    plan = SourcePlan(
        kind=WEBEX,
        keys={
            "api_url": served.urls.api,
            "cdr_url": served.urls.history,
            "media_hosts": ["127.0.0.1"],
            "requests_per_min": 6000,
            **({"contact_center_url": served.urls.api} if wanted.hooks else {}),
        },
        of_node={node: {"client_id": client_id(WEBEX, node)} for node in NODES},
        secrets={
            node: {
                "client_secret": client_secret(WEBEX, node),
                "refresh_token": _refresh_token(node),
                "webhook_secret": hook_secret(WEBEX, node),
                "contact_center_secret": hook_secret(WEBEX, node),
            }
            for node in NODES
        },
    )
    return ServedSource(
        kind=WEBEX,
        base=served.urls.base,
        plan=plan,
        admin=SimAdmin(served.urls.base),
        end=served.stop,
        downloads=("blob",),
        demo_mix={"longest_s": 300.0},
    )


_HOOKS: Final = (
    ("convergedRecordings", "created", "org"),
    ("telephony_calls", "all", "creator"),
)
"""Resource, event and owner of each webhook. Calls are told to the person they concern alone."""


def _register(api: str, node: str, url: str) -> None:
    """A webhook for a node, as an administrator registers it: with a token of the node's own app."""
    form = {
        "grant_type": "refresh_token",
        "client_id": client_id(WEBEX, node),
        "client_secret": client_secret(WEBEX, node),
        "refresh_token": _refresh_token(node),
    }
    with httpx.Client(base_url=f"{api}/v1", trust_env=False) as client:
        token = client.post("/access_token", data=form).raise_for_status().json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        for resource, event, owner in _HOOKS:
            hook = {
                "name": f"tandem {node}",
                "targetUrl": url,
                "resource": resource,
                "event": event,
                "ownedBy": owner,
                "secret": hook_secret(WEBEX, node),
            }
            client.post("/webhooks", json=hook, headers=bearer).raise_for_status()


OPENERS: Mapping[str, Callable[[ToServe], ServedSource]] = {
    DYNAMICS: _dynamics,
    ZOOM: _zoom,
    WEBEX: _webex,
}
"""Starts the fake of a kind."""
