"""What the administration sees of its machine."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from prometheus_client import REGISTRY
from pydantic import SecretStr

from services.admin.machine.looking import Machine, certificate_ends, newest
from services.admin.settings import AdminSettings
from shared.telemetry import metrics


def settings(folder: Path, **more: Any) -> AdminSettings:
    where = SecretStr("amqp://x"), SecretStr("mongodb://x")
    return AdminSettings(amqp_url=where[0], mongo_url=where[1], data=folder, **more)


def certificate(path: Path, days: float) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hotline.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return path


def shown(name: str) -> float | None:
    return REGISTRY.get_sample_value(f"hotline_{name}")


async def test_room_certificate_and_backup_are_shown(tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    backups.mkdir()
    for name, hours in (("old", 90), ("new", 40)):
        (backups / name).write_text(name)
        at = datetime.now(UTC).timestamp() - hours * 3600
        os.utime(backups / name, (at, at))
    pem = certificate(tmp_path / "tls.pem", 9)

    await Machine(settings(tmp_path, certificate=pem, backups=backups)).look()

    assert (shown("data_free_bytes") or 0) > 0
    assert shown("certificate_days_left") == pytest.approx(9, abs=0.01)
    assert shown("backup_age_seconds") == pytest.approx(40 * 3600, abs=60)


async def test_what_nobody_named_is_not_shown(tmp_path: Path) -> None:
    for gauge in (metrics.CERTIFICATE_DAYS, metrics.BACKUP_AGE):
        gauge.show({})
    await Machine(settings(tmp_path)).look()
    assert (shown("certificate_days_left"), shown("backup_age_seconds")) == (None, None)


@pytest.mark.parametrize("content", [None, b"", b"rubbish", b"-----BEGIN CERTIFICATE-----\nx"])
def test_a_certificate_that_is_none_says_nothing(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "tls.pem"
    if content is not None:
        path.write_bytes(content)
    assert certificate_ends(path) is None


def test_a_folder_that_is_not_there_or_empty_has_no_backup(tmp_path: Path) -> None:
    assert newest(tmp_path) is None
    assert newest(tmp_path / "nowhere") is None
