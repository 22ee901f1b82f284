"""The parts of the role machine. Pure."""
