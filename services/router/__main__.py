"""Run router: read settings, serve, stop cleanly."""

from __future__ import annotations

from services.router.app import build
from services.router.settings import RouterSettings
from shared.runtime import run_service

if __name__ == "__main__":
    run_service("router", RouterSettings, build)
