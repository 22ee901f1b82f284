"""What is there to record: which periods are asked of a source, and what became of each item."""
