"""Flat and number of a caller, for whoever is on their way there by the link of their work."""
