"""What a node did, as rows of a trace."""
