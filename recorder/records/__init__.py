"""What is on record, frozen: what the Data Center is asked, and what it answers."""
