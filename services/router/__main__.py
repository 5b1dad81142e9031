"""Run router: read settings, serve, stop cleanly."""

from __future__ import annotations

if __name__ == "__main__":
    # Below the line, since the processes that develop photos read this file and need nothing of it.
    from services.router.app import build
    from services.router.settings import RouterSettings
    from shared.runtime import run_service

    run_service("router", RouterSettings, build)
