"""The parts of the peer link: who may be the peer, what it said, what its silence proves."""
