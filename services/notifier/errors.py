"""Errors of the notifier, by what should happen next."""

from __future__ import annotations


class CannotWrite(Exception):
    """The words could not be made from the facts; tried again later, under a corrected policy."""
