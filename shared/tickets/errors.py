"""Why a transition did not happen."""

from __future__ import annotations

from shared.tickets.lifecycle import Transition


class NotAllowed(Exception):
    """The table does not allow this transition now.

    `status` is the present status of the ticket or order, `last_by` who brought it there.
    """

    def __init__(
        self, transition: Transition, *, status: str, last_by: str, remedy: str = ""
    ) -> None:
        self.transition, self.status, self.last_by, self.remedy = (
            transition,
            status,
            last_by,
            remedy,
        )
        text = f"{transition} is not possible in status {status} (set by {last_by})"
        super().__init__(f"{text}; {remedy}" if remedy else text)


class NoSuchOrder(Exception):
    """The ticket has no work order of that id."""

    def __init__(self, order: str) -> None:
        self.order = order
        super().__init__(f"work order {order} does not exist")
