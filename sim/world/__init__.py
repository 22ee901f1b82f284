"""A whole world in one thread under virtual time: two machines, a network, a Data Center, services, faults."""
