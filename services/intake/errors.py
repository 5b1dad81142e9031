"""Errors of intake, by what should happen next."""

from __future__ import annotations


class Conflict(Exception):
    """The same key came with another body; `number` is the ticket of the first."""

    def __init__(self, number: str) -> None:
        self.number = number
        super().__init__("this key was used for another request; to add to it, supplement it")
