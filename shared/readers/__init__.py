"""Readers of what a service keeps, for those that do not keep it."""
