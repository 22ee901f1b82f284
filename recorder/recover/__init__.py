"""Recovery: what of a period is missing is found out, fetched on the normal road, and accounted for."""
