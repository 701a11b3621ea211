"""How histories are tried, the same for every property; each says what differs, mostly how many of them."""

import os

from hypothesis import Phase, settings

THOROUGH = settings(
    max_examples=200,
    stateful_step_count=50,
    deadline=None,
    derandomize="CI" in os.environ,
    print_blob=True,
    database=None,
)
UNTIL_FOUND = settings(THOROUGH, derandomize=True, phases=[Phase.generate])  # a seed need not be explained
