"""Telephone calls: what exchanges tell."""
