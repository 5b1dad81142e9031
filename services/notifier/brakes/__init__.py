"""Brakes: what keeps messages back, until it is released."""
