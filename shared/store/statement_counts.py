"""How many statements are sent to the database, by kind: what a request costs, when it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)
from typing_extensions import override

from shared.telemetry import metrics

STATEMENTS: Final[Mapping[str, str]] = {
    "insert": "documents",
    "update": "updates",
    "delete": "deletes",
}
"""Commands that carry several statements, and where."""


def statements_in(command: Mapping[str, Any]) -> int:
    """How many statements these would be one by one; a read by key counts each of its keys."""
    if not command:  # the driver hides what it says to sign in
        return 1
    name = next(iter(command))
    if name in STATEMENTS:
        return len(command[STATEMENTS[name]])
    asked = list(command.get("filter", {}).values()) if name == "find" else []
    by_key = len(asked) == 1 and isinstance(asked[0], dict)
    return len(asked[0]["$in"]) if by_key and "$in" in asked[0] else 1


class Counting(CommandListener):
    """Counts each statement of a batch as one, since one by one they would be as many."""

    @override
    def started(self, event: CommandStartedEvent) -> None:
        """Count what is sent."""
        metrics.STORE_OPERATIONS.labels(event.command_name).inc(statements_in(event.command))

    @override
    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing: it was counted when it was sent."""

    @override
    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing: it was counted when it was sent."""
