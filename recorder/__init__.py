"""What one recorder node does, one folder per stage in the order data flows."""
