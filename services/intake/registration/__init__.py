"""A report becomes a ticket, once."""
