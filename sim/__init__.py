"""The world around the nodes: fake services, simulated ports, checkers, demo."""
