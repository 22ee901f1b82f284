"""The protocol as Promela models, checked exhaustively by Spin: `python -m sim.spin`, docs/spin.md."""
