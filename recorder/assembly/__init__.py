"""What a node is made of, on any runtime, and what it opens of the world."""
