"""The contract every data source keeps, as one class to inherit from; `docs/adapters.md` shows how."""

from __future__ import annotations

from sim.contract.listing import ListingContract
from sim.contract.media import MediaContract
from sim.contract.troubles import CheckContract, TroublesContract, WebhookContract


class DataSourceContract(
    ListingContract, MediaContract, TroublesContract, WebhookContract, CheckContract
):
    """Give it a fixture `world` that makes a new SourceWorld for each test and closes its source."""
