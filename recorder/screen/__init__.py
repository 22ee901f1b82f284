"""Recording of agents' screens: what agents do, and what becomes of the pictures."""
