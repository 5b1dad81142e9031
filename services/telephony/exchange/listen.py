"""``python -m services.telephony.exchange.listen``: the adapter of one exchange, as a process."""

from __future__ import annotations

from services.telephony.exchange.api import build
from services.telephony.exchange.listen_settings import ListenSettings
from shared.runtime import run_service

if __name__ == "__main__":
    run_service("exchange", ListenSettings, build)
