"""Run intake: read settings, serve, stop cleanly."""

from __future__ import annotations

from services.intake.app import build
from services.intake.settings import IntakeSettings
from shared.runtime import run_service

if __name__ == "__main__":
    run_service("intake", IntakeSettings, build)
