"""Whether the console can do its work: asked by who watches over the hotline."""

from __future__ import annotations

from services.console.clients.answers import Declined, Unreached
from services.console.clients.service import Nothing, ServiceClient
from services.console.frame.house import House
from shared.contracts.refusals import Away
from shared.runtime import Routes, open_to_all
from shared.telemetry import logger


def build_health(house: House, intake: ServiceClient) -> Routes:
    """The same paths as every service has."""
    router = Routes(tags=["health"], dependencies=[open_to_all()])

    @router.get("/healthz")
    async def alive() -> dict[str, str]:
        """The process answers."""
        return {"status": "alive", "service": "console"}

    @router.get("/readyz")
    async def ready() -> dict[str, str]:
        """People can sign in and work: the administration knows our key, and intake answers."""
        try:
            await house.admin.check([])
            await intake.ask(Nothing, "GET", "/readyz", bearer=None)
        except (Declined, Unreached) as error:
            logger.info("waiting_for_service", service=error.service)
            raise Away(
                "service-away",
                "A service that the console needs cannot be reached",
                "see that it runs, and that the console's key counts",
                service=error.service,
            ) from error
        return {"status": "ready"}

    @router.get("/healthz/consumers")
    async def consumers() -> dict[str, str]:
        """It consumes nothing yet, so nothing is missing."""
        return {"status": "consuming"}

    return router
