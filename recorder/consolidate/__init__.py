"""A customer's whole experience out of the source's single conversations."""
