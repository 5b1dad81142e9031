"""Run telephony: read settings, serve, stop cleanly."""

from __future__ import annotations

from services.telephony.app import build
from services.telephony.settings import TelephonySettings
from shared.runtime import run_service

if __name__ == "__main__":
    run_service("telephony", TelephonySettings, build)
