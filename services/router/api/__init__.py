"""HTTP in: one call each."""

from services.router.api.boards import build_boards_api
from services.router.api.costs import build_costs_api
from services.router.api.emergencies import build_emergencies_api
from services.router.api.follow_ups import build_follow_ups_api
from services.router.api.incidents import build_incidents_api, build_running_incidents_api
from services.router.api.proofs import build_proofs_api
from services.router.api.rosters import build_rosters_api
from services.router.api.shifts import build_leaves_api, build_shifts_api
from services.router.api.times import build_times_api
from services.router.api.work_orders import build_work_orders_api

__all__ = [
    "build_boards_api", "build_costs_api", "build_emergencies_api", "build_follow_ups_api",
    "build_incidents_api", "build_leaves_api", "build_proofs_api", "build_rosters_api",
    "build_running_incidents_api", "build_shifts_api", "build_times_api",
    "build_work_orders_api",
]  # fmt: skip
