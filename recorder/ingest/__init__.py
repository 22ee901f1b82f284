"""From a job to media sealed in the call buffer."""
