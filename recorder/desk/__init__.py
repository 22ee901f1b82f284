"""What surfaces may ask of a node."""
