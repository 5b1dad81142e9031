"""What can go wrong with a survey, by what should happen next."""

from __future__ import annotations


class NoSuchSurvey(Exception):
    """There is no survey of that id: say the same as for one that is not yours."""

    def __init__(self, id: str) -> None:
        self.id = id
        super().__init__(f"survey {id} does not exist")
