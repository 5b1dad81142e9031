"""Callers whom nobody answered, and who rings them back."""
