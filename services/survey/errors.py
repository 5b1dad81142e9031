"""What can go wrong with a survey, by what should happen next."""

from __future__ import annotations


class NoSuchSurvey(Exception):
    """There is no survey of that id: say the same as for one that is not yours."""

    def __init__(self, id: str) -> None:
        self.id = id
        super().__init__(f"survey {id} does not exist")


class BadCursor(Exception):
    """The cursor was not given out by us: the list begins again without it."""

    def __init__(self) -> None:
        super().__init__("the cursor was not given out here")
