"""Settings of the parts of a node, each with what it may be."""
