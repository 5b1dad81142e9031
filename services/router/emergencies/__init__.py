"""Emergencies: who is called, who goes there, what they do, and how it ends."""
