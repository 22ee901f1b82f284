"""From the call buffer into the Data Center."""
