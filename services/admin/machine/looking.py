"""Looks at what no other figure tells: room for data, the certificate's end, the newest backup."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509

from services.admin.settings import AdminSettings
from shared.telemetry import logger, metrics

EVERY_SECONDS: Final = 30.0
_DAY: Final = 86400


class Machine:
    """This machine, as the settings tell where to look. Its own clock counts here: file times and
    certificates go by it.
    """

    def __init__(self, settings: AdminSettings) -> None:
        self._data = settings.data
        self._certificate = settings.certificate
        self._backups = settings.backups

    async def look(self) -> None:
        """Show what is so now. What cannot be looked at is logged and not shown."""
        await asyncio.to_thread(self._look)

    def _look(self) -> None:
        now = datetime.now(UTC)
        metrics.DATA_FREE.show_one(shutil.disk_usage(self._data).free)
        if self._certificate is not None and (ends := certificate_ends(self._certificate)):
            metrics.CERTIFICATE_DAYS.show_one((ends - now).total_seconds() / _DAY)
        if self._backups is not None and (made := newest(self._backups)):
            metrics.BACKUP_AGE.show_one(max(0.0, (now - made).total_seconds()))


def certificate_ends(path: Path) -> datetime | None:
    """When the first certificate of a PEM file ends; None where there is none that can be read."""
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        logger.warning("certificate_unreadable", path=str(path), why=str(error)[:200])
        return None
    return found[0].not_valid_after_utc


def newest(folder: Path) -> datetime | None:
    """When the newest thing of a folder was last written; None where there is nothing."""
    try:
        times = [entry.stat().st_mtime for entry in folder.iterdir()]
    except OSError as error:
        logger.warning("backups_unreadable", path=str(folder), why=str(error)[:200])
        return None
    return datetime.fromtimestamp(max(times), UTC) if times else None
