"""Tickets: one by one with their whole story, and found by words, place, time and caller."""
