"""The Data Center in memory: a second telling of the rules of its database."""
