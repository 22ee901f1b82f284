"""One thread, one virtual clock, one seed: what a world runs on."""
