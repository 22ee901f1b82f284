"""The contract of a data source as tests, for the adapters of this project and for a stranger's.

Needs pytest, as every module that runs it does. `docs/adapters.md` shows its use.
"""

import pytest

# Failed assertions in these modules shall show their values, as in any test.
pytest.register_assert_rewrite(
    "sim.contract.listing", "sim.contract.media", "sim.contract.troubles"
)
