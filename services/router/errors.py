"""Errors of the router, by what should happen next."""


class NoSuchWork(Exception):
    """A link opens nothing: it was not signed here, or what it was made for is nobody's now."""
