"""Run the administration: read settings, serve, stop cleanly."""

from __future__ import annotations

from services.admin.app import build
from services.admin.settings import AdminSettings
from shared.runtime import run_service

if __name__ == "__main__":
    run_service("admin", AdminSettings, build)
