"""One checker per promise: pure functions from ground truth and Data Center to violations."""
