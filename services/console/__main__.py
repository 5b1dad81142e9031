"""Run the console: read settings, serve, stop cleanly."""

from __future__ import annotations

from services.console.app import build
from services.console.settings import ConsoleSettings
from shared.runtime import run_service

if __name__ == "__main__":
    run_service("console", ConsoleSettings, build)
