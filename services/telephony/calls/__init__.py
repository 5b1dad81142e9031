"""Calls as they are kept: facts, and what they make."""
