"""What becomes of a question that a service does not answer with success."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

ServiceName = Literal["intake", "router", "notifier", "survey", "admin", "telephony"]


class Declined(Exception):
    """The service said no, in a problem document."""

    def __init__(
        self,
        service: ServiceName,
        status: int,
        problem: Mapping[str, Any],
        retry_after: int | None = None,
    ) -> None:
        super().__init__(f"{service} {status}")
        self.service = service
        self.status = status
        self.problem = problem
        self.retry_after = retry_after

    @property
    def kind(self) -> str:
        """Which problem it is, as a code."""
        return str(self.problem.get("type", "")).rpartition(":")[2]


class Unreached(Exception):
    """The service did not answer, or in a way that nobody understands; `sent` says that it may
    have done what was asked all the same.
    """

    def __init__(self, service: ServiceName, *, sent: bool) -> None:
        super().__init__(service)
        self.service = service
        self.sent = sent
