"""Deadlines: what falls due, fires once, and who hears of it."""
