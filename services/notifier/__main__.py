"""Run the notifier: read settings, serve, stop cleanly."""

from __future__ import annotations

from services.notifier.app import build
from services.notifier.settings import NotifierSettings
from shared.runtime import run_service

if __name__ == "__main__":
    run_service("notifier", NotifierSettings, build)
