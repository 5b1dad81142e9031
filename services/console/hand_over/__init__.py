"""Handing cases over at the end of a shift."""
