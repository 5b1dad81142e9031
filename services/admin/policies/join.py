"""Where the objects of policies are built and joined."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from services.admin.policies.api import build_deciding_api, build_drafts_api, build_reading_api
from services.admin.policies.drafting import Drafting
from services.admin.policies.publishing import Publishing
from services.admin.policies.reading import Reading
from services.admin.policies.rehearsing import Rehearsing
from services.admin.policies.storage import Policies
from shared.audit import Trail
from shared.runtime import Platform


def build_policies_apis(platform: Platform, records: Trail) -> Sequence[APIRouter]:
    """Everything under `/v1/policies`; what is decided goes to the records first."""
    clock = platform.store.clock
    policies = Policies(platform.store)
    drafting = Drafting(policies, platform.duty, clock)
    publishing = Publishing(policies, drafting, records, platform.duty, clock)
    rehearsing = Rehearsing(platform.store, policies, drafting, lambda: platform.policy)
    reading = Reading(policies, clock)
    return (
        build_reading_api(reading, policies, drafting),
        build_drafts_api(drafting, rehearsing, reading),
        build_deciding_api(publishing, reading),
    )
