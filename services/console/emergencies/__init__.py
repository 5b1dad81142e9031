"""Emergencies: what runs, and what waits for its review."""
