"""What admin says: a policy is published, and who has not confirmed having read it."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime

from shared.contracts.base import Event


class PolicyEvent(Event):
    """What every fact about a published policy carries: the `policy`, by its version, which counts
    from `begins` on; `recipients` are the people of the duty list who are to know.
    """

    can_be_urgent: ClassVar[bool] = False

    policy: str
    begins: AwareDatetime
    recipients: tuple[str, ...] = ()


class PolicyPublished(PolicyEvent):
    """It was approved and counts, or will: the recipients must confirm having read it."""

    name: ClassVar[str] = "policy.published"


class PolicyReminded(PolicyEvent):
    """The recipients have not confirmed in the policy's time."""

    name: ClassVar[str] = "policy.reminded"


class PolicyUnconfirmed(PolicyEvent):
    """The people `missing` have not confirmed after they were reminded either; the recipients stand
    above them.
    """

    name: ClassVar[str] = "policy.unconfirmed"
    missing: tuple[str, ...] = ()
