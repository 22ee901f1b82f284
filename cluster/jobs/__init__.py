"""The parts of work sharing: who does which job, and who should get the next."""
