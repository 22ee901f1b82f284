"""The ports of a node on hardware that exists only in memory."""
