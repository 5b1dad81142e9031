"""Whose telephone rings, and whether an exchange is heard at all."""
