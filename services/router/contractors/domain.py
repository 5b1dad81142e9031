"""What a contractor sees of a work order, what they can do, and until when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from services.router.proofs.domain import MOST, takes_photos
from shared.tickets import Ticket, Transition, WorkOrder
from shared.tickets.lifecycle import FINISHED, UNFINISHED, OrderStatus

Step = Literal["accept", "decline", "arrive", "release", "done"]
_S = OrderStatus
STEPS_OF: Final[dict[OrderStatus, tuple[Step, ...]]] = {
    _S.DISPATCHED: ("accept", "decline"),
    _S.ACCEPTED: ("arrive",),
    _S.IN_PROGRESS: ("done",),
}
LOOK_BACK: Final = timedelta(days=1)
"""So long after their work is done somebody may look at it again, for their own papers."""
_FINISHING: Final = frozenset({Transition.RESOLVE, Transition.HAND_OVER})


@dataclass(frozen=True, slots=True)
class Work:
    """What a contractor sees: their order, where and what, the scrubbed words, and nobody; how many
    photos there are, and whether the work is done only with one.
    """

    ticket: Ticket
    order: WorkOrder
    building: str | None
    words: str
    released: bool = False
    photos: int = 0
    photo_wanted: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        """What can be done now."""
        steps = STEPS_OF.get(self.order.status, ())
        if self.lacks_photo:
            steps = tuple(step for step in steps if step != "done")
        if self.ticket.is_emergency and self.order.status is _S.IN_PROGRESS and not self.released:
            return ("release", *steps)
        return steps

    @property
    def lacks_photo(self) -> bool:
        """Whether it is not done before there is a photo."""
        return self.photo_wanted and self.photos == 0

    @property
    def takes_photos(self) -> bool:
        """Whether one more can be added now."""
        return self.photos < MOST and takes_photos(self.ticket, self.order)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is theirs to do."""
        return self.order.status not in STEPS_OF and self.order.status is not _S.SUSPENDED


def has_ended(order: WorkOrder, ticket: Ticket, person: str, now: datetime) -> bool:
    """Whether a link shows nothing any more: the work is somebody else's or nobody's, or was done
    more than a day ago.
    """
    theirs = {order.assignee} if order.assignee else {*order.offered_to}
    if person not in theirs:
        return True
    if order.status not in FINISHED:
        return order.status not in UNFINISHED
    done = (e.at for e in ticket.timeline if e.order == order.id and e.transition in _FINISHING)
    return now - max(done, default=ticket.registered_at) > LOOK_BACK
