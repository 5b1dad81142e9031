"""The one place where telephony's objects are built and joined."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from services.telephony.callbacks.api import build_callbacks_api
from services.telephony.callbacks.following import Following
from services.telephony.callbacks.ringing import Ringing
from services.telephony.callbacks.storage import CALLBACKS
from services.telephony.calls.api import build_calls_api
from services.telephony.calls.calling import Calling
from services.telephony.calls.disposing import Disposing
from services.telephony.calls.erasing import Erasing
from services.telephony.calls.linking import Linking
from services.telephony.calls.masks import Masks
from services.telephony.calls.reindexing import CallReindex
from services.telephony.calls.storage import CALLS
from services.telephony.calls.tidying import Tidying
from services.telephony.handlers import add_handlers
from services.telephony.inbound.exchanges import EXCHANGES, Exchanges
from services.telephony.inbound.hearing import Hearing
from services.telephony.inbound.replays import open_entry
from services.telephony.lines.api import build_lines_api
from services.telephony.lines.keeping import LineKeeping
from services.telephony.lines.storage import LINES
from services.telephony.lines.watching import Watching
from services.telephony.load.api import build_load_api
from services.telephony.load.gauges import Looking
from services.telephony.load.rolling import Rolling
from services.telephony.load.storage import LOAD_QUARTERS
from services.telephony.loops import Loops
from services.telephony.ringing.api import build_ringing_api
from services.telephony.settings import TelephonySettings
from shared.bus.senders import sender_of
from shared.privacy.open import Opener
from shared.runtime import Parts, build_service, open_platform

LARGEST_BODY: Final = 32 * 1024
KEEPS: Final = (CALLS, CALLBACKS, EXCHANGES, LINES, LOAD_QUARTERS)


async def build(settings: TelephonySettings) -> FastAPI:
    """Telephony, ready to be served."""
    platform = await open_platform(
        "telephony", settings, keeps=KEEPS, seals_parked=True, sender_of=sender_of
    )
    secret, opener = platform.keys.index, Opener(platform.vault)
    exchanges = Exchanges(platform.store)
    calling = Calling(platform, exchanges)
    tidying = Tidying(platform.store, calling, exchanges, lambda: platform.policy)
    watching = Watching(platform.store, exchanges, lambda: platform.policy)
    loops = Loops(
        platform.store,
        exchanges,
        tidying,
        Rolling(platform.store),
        Looking(platform.store, exchanges, lambda: platform.policy),
        Following(platform.store, platform.index, lambda: platform.policy),
        watching,
    )
    linking = Linking(platform.store)
    add_handlers(
        platform.consumers,
        Hearing(calling, exchanges, secret),
        linking,
        Erasing(platform.store),
    )
    masks = Masks(opener)
    parts = Parts(
        routers=(
            # Before `/v1/calls/{id}`, which would take their paths for a call's.
            build_ringing_api(platform.store, exchanges, masks),
            build_callbacks_api(
                platform.store, masks, Ringing(platform.store, lambda: platform.policy)
            ),
            build_calls_api(platform.store, masks, Disposing(platform.store), linking),
            build_load_api(platform.store, lambda: platform.policy),
            build_lines_api(platform.store, watching, LineKeeping(platform.store, platform.trail)),
        ),
        loops=(
            loops.run_looks,
            loops.run_counts,
            loops.run_lines,
            loops.run_following,
            loops.run_forgetting,
            CallReindex(platform.store, opener, platform.index).run,
        ),
        parked=platform.parked_relay(open_entry(opener, secret)),
        largest_body=LARGEST_BODY,
    )
    app = build_service(platform, parts, title="Estateline telephony")
    app.state.loops = loops
    app.state.calling = calling
    return app
