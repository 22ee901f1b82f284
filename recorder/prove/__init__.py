"""Stage: proves what a day's recordings are, and that none is missing without a cause."""
