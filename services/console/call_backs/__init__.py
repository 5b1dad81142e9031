"""Callers whom nobody answered: who rings them back, and what came of it."""
