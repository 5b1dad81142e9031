"""Satisfaction: who is asked, by which link, and what they answered (A6.1)."""
